//! Regular expressions: `regex`, `regexall` and `replace`.

mod translate;

use regex::{Captures, Regex};

use self::translate::translate;
use super::{Call, CallError, Function, Spec, function, inferred, string};
use crate::value::{Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    inferred(
        "regex",
        &[string("pattern").unknown(), string("string").unknown()],
        regex_type,
        regex,
    )
    .maybe_null(),
    inferred(
        "regexall",
        &[string("pattern").unknown(), string("string").unknown()],
        |arguments| regex_type(arguments).map(Type::list),
        regex_all,
    ),
    function(
        "replace",
        &[string("str"), string("substr"), string("replace")],
        Spec::String,
        replace,
    ),
];

/// A pattern that does not compile: what is wrong, and with which piece.
struct PatternError {
    code: String,
    piece: String,
}

fn compile(pattern: &str) -> Result<Regex, PatternError> {
    let translated = translate(pattern)?;
    Regex::new(&translated).map_err(|_| PatternError {
        code: "invalid or unsupported syntax".into(),
        piece: pattern.into(),
    })
}

fn compile_argument(pattern: &str) -> Result<Regex, CallError> {
    compile(pattern).map_err(|error| {
        CallError::at(0, format!("invalid regexp pattern: {} in {}", error.code, error.piece))
    })
}

fn regex_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments[0].as_str() {
        Some(pattern) => result_type(&compile_argument(pattern)?),
        None => Ok(Type::Any),
    }
}

/// Text without groups, a tuple with unnamed ones, an object with named ones.
fn result_type(regex: &Regex) -> Result<Type, CallError> {
    let names: Vec<Option<&str>> = regex.capture_names().skip(1).collect();
    let named: Vec<&str> = names.iter().copied().flatten().collect();
    if names.is_empty() {
        Ok(Type::String)
    } else if named.is_empty() {
        Ok(Type::Tuple(vec![Type::String; names.len()]))
    } else if named.len() == names.len() {
        Ok(Type::object(named.into_iter().map(|name| (name, Type::String))))
    } else {
        let message = "invalid regexp pattern: cannot mix both named and unnamed capture groups";
        Err(CallError::at(0, message))
    }
}

fn capture(regex: &Regex, ty: &Type, captures: &Captures<'_>) -> Value {
    let group = |found: Option<regex::Match<'_>>| {
        found.map_or_else(|| Value::null(Type::String), |found| Value::string(found.as_str()))
    };
    match ty {
        Type::Tuple(_) => {
            Value::tuple((1..captures.len()).map(|place| group(captures.get(place))).collect())
        }
        Type::Object(_) => {
            let names = regex.capture_names().flatten();
            Value::object(names.map(|name| (name, group(captures.name(name)))))
        }
        _ => group(captures.get(0)),
    }
}

fn regex(call: &Call<'_>) -> Result<Value, CallError> {
    if !call.arguments.iter().all(Value::is_known) {
        return call.unknown();
    }
    let regex = compile_argument(call.text(0))?;
    let captures = regex.captures(call.text(1));
    let captures = captures
        .ok_or_else(|| CallError::new("pattern did not match any part of the given string"))?;
    Ok(capture(&regex, call.ty, &captures))
}

fn regex_all(call: &Call<'_>) -> Result<Value, CallError> {
    if !call.arguments.iter().all(Value::is_known) {
        return call.unknown();
    }
    let regex = compile_argument(call.text(0))?;
    let element = result_type(&regex)?;
    let found = regex.captures_iter(call.text(1));
    let found = found.map(|captures| capture(&regex, &element, &captures)).collect();
    Ok(Value::list(element, found))
}

/// What stands between slashes is a pattern.
fn replace(call: &Call<'_>) -> Result<Value, CallError> {
    let (text, part, with) = (call.text(0), call.text(1), call.text(2));
    let pattern = part.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    let Some(pattern) = pattern else {
        return Ok(Value::string(text.replace(part, with)));
    };
    let regex = compile(pattern).map_err(|error| {
        CallError::new(format!("error parsing regexp: {}: `{}`", error.code, error.piece))
    })?;
    Ok(Value::string(regex.replace_all(text, with)))
}
