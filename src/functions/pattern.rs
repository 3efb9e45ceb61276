//! Regular expressions: `regex`, `regexall` and `replace`.

mod parse;
mod class;
mod expand;

use regex::{Captures, RegexBuilder};

use self::expand::expand;
use self::parse::{PatternError, parse};
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

/// A pattern that can be looked for.
struct Pattern {
    regex: regex::Regex,
    /// The names of its groups, which need not be distinct.
    names: Vec<Option<String>>,
}

/// The memory that one pattern may take once it is compiled: patterns that repeat large classes a
/// thousand times are below it.
const LARGEST: usize = 1 << 28;

fn compile(pattern: &str) -> Result<Pattern, PatternError> {
    let parsed = parse(pattern)?;
    let mut builder = RegexBuilder::new(&parsed.text);
    let regex = builder.size_limit(LARGEST).nest_limit(4000).build();
    let regex = regex
        .map_err(|_| PatternError { code: "expression too large", piece: pattern.to_string() })?;
    Ok(Pattern { regex, names: parsed.names })
}

fn compile_argument(pattern: &str) -> Result<Pattern, CallError> {
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
fn result_type(pattern: &Pattern) -> Result<Type, CallError> {
    let names = &pattern.names;
    let named: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
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

fn capture(pattern: &Pattern, ty: &Type, captures: &Captures<'_>) -> Value {
    let group = |found: Option<regex::Match<'_>>| {
        found.map_or_else(|| Value::null(Type::String), |found| Value::string(found.as_str()))
    };
    let groups = captures.iter().skip(1).map(group);
    match ty {
        Type::Tuple(_) => Value::tuple(groups.collect()),
        Type::Object(_) => {
            // Of groups with one name the last one counts.
            let names = pattern.names.iter().flatten().map(String::as_str);
            Value::object(names.zip(groups))
        }
        _ => group(captures.get(0)),
    }
}

fn regex(call: &Call<'_>) -> Result<Value, CallError> {
    if !call.arguments.iter().all(Value::is_known) {
        return call.unknown();
    }
    let pattern = compile_argument(call.text(0))?;
    let captures = pattern.regex.captures(call.text(1));
    let captures = captures
        .ok_or_else(|| CallError::new("pattern did not match any part of the given string"))?;
    Ok(capture(&pattern, call.ty, &captures))
}

fn regex_all(call: &Call<'_>) -> Result<Value, CallError> {
    if !call.arguments.iter().all(Value::is_known) {
        return call.unknown();
    }
    let pattern = compile_argument(call.text(0))?;
    let element = result_type(&pattern)?;
    let found = pattern.regex.captures_iter(call.text(1));
    let found = found.map(|captures| capture(&pattern, &element, &captures)).collect();
    Ok(Value::list(element, found))
}

/// What stands between slashes is a pattern.
fn replace(call: &Call<'_>) -> Result<Value, CallError> {
    let (text, part, with) = (call.text(0), call.text(1), call.text(2));
    let pattern = part.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    let Some(pattern) = pattern else {
        return Ok(Value::string(text.replace(part, with)));
    };
    let pattern = compile(pattern).map_err(|error| {
        CallError::new(format!("error parsing regexp: {}: `{}`", error.code, error.piece))
    })?;
    let replaced = pattern
        .regex
        .replace_all(text, |captures: &Captures<'_>| expand(with, &pattern.names, captures));
    Ok(Value::string(replaced))
}
