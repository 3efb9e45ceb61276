//! Functions over what a value carries besides its content.

use super::{Call, CallError, Function, Spec, any, function, inferred};
use crate::value::{Marks, Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    inferred(
        "ephemeralasnull",
        &[any("value").null().unknown().marked()],
        |_| Ok(Type::Any),
        |call| Ok(without_ephemeral(&call.arguments[0])),
    )
    .maybe_null(),
    function("issensitive", &[any("value").null().unknown().marked()], Spec::Bool, is_sensitive),
    inferred(
        "nonsensitive",
        &[any("value").null().unknown().marked()],
        |_| Ok(Type::Any),
        |call| {
            let value = &call.arguments[0];
            let marks = value.marks();
            Ok(value.clone().with_marks(Marks { sensitive: false, ..marks }))
        },
    )
    .maybe_null(),
    inferred(
        "sensitive",
        &[any("value").null().unknown().marked()],
        |_| Ok(Type::Any),
        |call| Ok(call.arguments[0].clone().sensitive()),
    )
    .maybe_null(),
];

/// An unknown may still turn out to be sensitive.
fn is_sensitive(call: &Call<'_>) -> Result<Value, CallError> {
    let value = &call.arguments[0];
    if !value.is_sensitive() && !value.is_known() {
        return call.unknown();
    }
    Ok(Value::bool(value.is_sensitive()))
}

fn without_ephemeral(value: &Value) -> Value {
    let marks = value.marks();
    if marks.ephemeral {
        return Value::null(value.ty()).marked(Marks { ephemeral: false, ..marks });
    }
    value.map_parts(&mut without_ephemeral)
}
