//! `tostring` and its like: conversion by name.

use super::{Call, CallError, Function, Spec, any, inferred};
use crate::value::convert::{convert, convertible};
use crate::value::quote::quote;
use crate::value::{Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    inferred(
        "tobool",
        &[any("v").null().unknown().marked()],
        |_| Ok(Type::Any),
        |call| convert_to(call, Spec::Bool),
    )
    .maybe_null(),
    inferred(
        "tolist",
        &[any("v").null().unknown().marked()],
        |_| Ok(Type::Any),
        |call| convert_to(call, Spec::List(&Spec::Any)),
    )
    .maybe_null(),
    inferred(
        "tomap",
        &[any("v").null().unknown().marked()],
        |_| Ok(Type::Any),
        |call| convert_to(call, Spec::Map(&Spec::Any)),
    )
    .maybe_null(),
    inferred(
        "tonumber",
        &[any("v").null().unknown().marked()],
        |_| Ok(Type::Any),
        |call| convert_to(call, Spec::Number),
    )
    .maybe_null(),
    inferred(
        "toset",
        &[any("v").null().unknown().marked()],
        |_| Ok(Type::Any),
        |call| convert_to(call, Spec::Set(&Spec::Any)),
    )
    .maybe_null(),
    inferred(
        "tostring",
        &[any("v").null().unknown().marked()],
        |_| Ok(Type::Any),
        |call| convert_to(call, Spec::String),
    )
    .maybe_null(),
];

fn convert_to(call: &Call<'_>, wanted: Spec) -> Result<Value, CallError> {
    let value = &call.arguments[0];
    let (from, to) = (value.ty(), wanted.ty());
    let plain = || format!("cannot convert {} to {}", from.friendly(), to.friendly_constraint());
    if from != to && !convertible(&from, &to) {
        return Err(CallError::at(0, plain()));
    }
    if !value.is_known() {
        // Which type the elements are to have is not asked before there is a value.
        return Ok(Value::unknown(to).marked(value.marks()));
    }
    convert(value, &to).map_err(|_| {
        let message = match (value.as_str(), &to) {
            _ if value.all_marks().sensitive => format!(
                "cannot convert this sensitive {} to {}",
                from.friendly(),
                to.friendly_constraint()
            ),
            (Some(text), Type::Bool) => {
                format!("cannot convert {text} to bool; only the strings \"true\" or \"false\" are allowed", text = quote(text))
            }
            (Some(text), Type::Number) => format!(
                "cannot convert {text} to number; given string must be a decimal representation of a number", text = quote(text)),
            _ => plain(),
        };
        CallError::at(0, message)
    })
}
