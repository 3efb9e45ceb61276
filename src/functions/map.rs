//! Functions over maps and objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Call, CallError, Function, Parameter, Spec, any, function, inferred, parameter, string,
};
use crate::value::convert::convert;
use crate::value::quote::quote;
use crate::value::{Kind, Marks, Type, Value};

const LISTS: Parameter = parameter("values", Spec::Map(&Spec::List(&Spec::String)));
const KEYS: Parameter = parameter("keys", Spec::List(&Spec::String));

pub(super) const FUNCTIONS: &[Function] = &[
    inferred("keys", &[any("inputMap").closed().unknown().marked()], keys_type, keys),
    inferred(
        "lookup",
        &[any("inputMap").closed().marked(), string("key").marked()],
        lookup_type,
        lookup,
    )
    .variadic(any("default").null().unknown().marked())
    .maybe_null(),
    inferred("merge", &[], merge_type, merge).variadic(any("maps").null().unknown().marked()),
    function("transpose", &[LISTS], Spec::Map(&Spec::List(&Spec::String)), transpose),
    inferred("values", &[any("mapping").closed().marked()], values_type, values),
    inferred("zipmap", &[KEYS.marked(), any("values").closed().marked()], zip_map_type, zip_map),
];

fn keys_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments[0].ty() {
        Type::Map(_) => Ok(Type::list(Type::String)),
        Type::Object(fields) => Ok(Type::Tuple(vec![Type::String; fields.len()])),
        _ => Err(CallError::at(0, "must have map or object type")),
    }
}

/// An object's names are known even where it is not.
fn keys(call: &Call<'_>) -> Result<Value, CallError> {
    let map = &call.arguments[0];
    let keys = match (map.ty(), map.fields()) {
        (Type::Object(fields), _) => Value::tuple(fields.keys().map(Value::string).collect()),
        (_, Some(fields)) => Value::list(Type::String, fields.keys().map(Value::string).collect()),
        (_, None) => Value::unknown(call.ty.clone()),
    };
    Ok(keys.marked(map.marks()))
}

fn lookup_type(arguments: &[Value]) -> Result<Type, CallError> {
    if arguments.len() > 3 {
        let message = format!("lookup() takes two or three arguments, got {}", arguments.len());
        return Err(CallError::new(message));
    }
    let default = arguments.get(2);
    match arguments[0].ty() {
        Type::Object(fields) => {
            let Some(key) = arguments[1].as_str() else { return Ok(Type::Any) };
            let found = fields.get(key).cloned().or_else(|| default.map(Value::ty));
            found.ok_or_else(|| {
                CallError::at(
                    0,
                    format!("the given object has no attribute {key}", key = quote(key)),
                )
            })
        }
        Type::Map(element) => match default.map(|default| convert(default, &element)) {
            Some(Err(_)) => Err(CallError::at(
                2,
                "the default value must have the same type as the map elements",
            )),
            Some(Ok(_)) | None => Ok(*element),
        },
        _ => Err(CallError::at(0, "lookup() requires a map as the first argument")),
    }
}

fn lookup(call: &Call<'_>) -> Result<Value, CallError> {
    let (map, key) = (&call.arguments[0], &call.arguments[1]);
    let marks = map.marks().join(key.marks());
    if let Some(found) = key.as_str().and_then(|key| map.field(key)) {
        return Ok(found.clone().marked(marks));
    }
    let Some(default) = call.arguments.get(2) else {
        let shown =
            if key.is_sensitive() { "(sensitive value)".into() } else { quote(call.text(1)) };
        return Err(CallError::new(format!("lookup failed to find key {shown}")));
    };
    let default = convert(default, call.ty).map_err(|error| CallError::at(2, error.message))?;
    Ok(default.marked(marks))
}

fn merge_type(arguments: &[Value]) -> Result<Type, CallError> {
    let Some(first) = arguments.first().map(Value::ty) else {
        return Ok(Type::Object(Arc::default()));
    };
    let mut fields = BTreeMap::new();
    let mut decided = true;
    for argument in arguments {
        match argument.ty() {
            Type::Any if argument.is_null() => {}
            Type::Any => return Ok(Type::Any),
            Type::Object(types) => {
                if !argument.is_null() {
                    let types = types.iter();
                    fields.extend(types.map(|(name, ty)| (name.clone(), ty.clone())));
                }
            }
            Type::Map(element) => match argument.kind() {
                Kind::Null(_) => {}
                Kind::Map(_, parts) => {
                    fields.extend(parts.keys().map(|name| (name.to_string(), (*element).clone())));
                }
                _ => decided = false,
            },
            other => {
                let message =
                    format!("arguments must be maps or objects, got {}", quote(&other.friendly()));
                return Err(CallError::new(message));
            }
        }
    }
    if first != Type::Any && arguments.iter().all(|argument| argument.ty() == first) {
        return Ok(first);
    }
    Ok(if decided { Type::Object(Arc::new(fields)) } else { Type::Any })
}

/// Later ones win; nulls count as empty.
fn merge(call: &Call<'_>) -> Result<Value, CallError> {
    let mut merged = Vec::new();
    let mut marks = Marks::default();
    for argument in call.arguments {
        marks = marks.join(argument.marks());
    }
    if call.arguments.iter().any(|argument| !argument.is_known()) {
        return Ok(Value::unknown(call.ty.clone()).marked(marks));
    }
    for argument in call.arguments {
        if let Some(fields) = argument.fields() {
            merged.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
    }
    let kind = match call.ty {
        Type::Map(element) => {
            Kind::Map((**element).clone(), Arc::new(merged.into_iter().collect()))
        }
        _ => Kind::Object(Arc::new(merged.into_iter().collect())),
    };
    Ok(Value::new(kind).marked(marks))
}

fn transpose(call: &Call<'_>) -> Result<Value, CallError> {
    let map = &call.arguments[0];
    if !map.is_whole() {
        return call.unknown();
    }
    let mut turned: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (key, list) in map.fields().into_iter().flatten() {
        let Some(texts) = list.elements() else {
            return Err(CallError::new("input must not contain null list"));
        };
        for text in texts {
            let Some(text) = text.as_str() else {
                return Err(CallError::new("input list must not contain null string"));
            };
            turned.entry(text).or_default().push(Value::string(key));
        }
    }
    let lists = turned.into_iter().map(|(text, keys)| (text, Value::list(Type::String, keys)));
    Ok(Value::map(Type::list(Type::String), lists))
}

fn values_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments[0].ty() {
        Type::Map(element) => Ok(Type::List(element)),
        Type::Object(fields) => Ok(Type::Tuple(fields.values().cloned().collect())),
        _ => Err(CallError::new("values() requires a map as the first argument")),
    }
}

fn values(call: &Call<'_>) -> Result<Value, CallError> {
    let map = &call.arguments[0];
    let parts = map.parts().cloned().collect();
    let values = match call.ty {
        Type::List(element) => Value::list((**element).clone(), parts),
        _ => Value::tuple(parts),
    };
    Ok(values.marked(map.marks()))
}

fn zip_map_type(arguments: &[Value]) -> Result<Type, CallError> {
    let keys = &arguments[0];
    match arguments[1].ty() {
        Type::List(element) => Ok(Type::Map(element)),
        Type::Tuple(_) if !keys.is_whole() => Ok(Type::Any),
        Type::Tuple(types) => {
            let keys = zip_keys(keys, types.len())?;
            Ok(Type::object(keys.into_iter().zip(types)))
        }
        _ => Err(CallError::new("values argument must be a list or tuple value")),
    }
}

fn zip_keys(keys: &Value, values: usize) -> Result<Vec<&str>, CallError> {
    let keys = keys.elements().unwrap_or_default();
    if keys.len() != values {
        return Err(CallError::new(format!(
            "number of keys ({}) does not match number of values ({values})",
            keys.len()
        )));
    }
    let texts = keys.iter().enumerate().map(|(place, key)| {
        let null = || CallError::new(format!("keys list has null value at index {place}"));
        key.as_str().ok_or_else(null)
    });
    texts.collect()
}

fn zip_map(call: &Call<'_>) -> Result<Value, CallError> {
    let (keys, values) = (&call.arguments[0], &call.arguments[1]);
    let marks = keys.all_marks().join(values.marks());
    if !keys.is_whole() {
        return Ok(Value::unknown(call.ty.clone()).marked(marks));
    }
    let parts = values.elements().unwrap_or_default();
    let pairs = zip_keys(keys, parts.len())?.into_iter().zip(parts.iter().cloned());
    let zipped = match call.ty {
        Type::Map(element) => Value::map((**element).clone(), pairs),
        _ => Value::object(pairs),
    };
    Ok(zipped.marked(marks))
}
