//! Values as text of the language, before it is laid out.

use std::fmt::Write as _;

use super::super::{Call, CallError};
use crate::value::quote::quote;
use crate::value::{Kind, Value};

/// Writes a value as an expression.
pub(super) fn encode(call: &Call<'_>) -> Result<Value, CallError> {
    let value = &call.arguments[0];
    if !value.is_whole() {
        return call.unknown();
    }
    let mut out = String::new();
    expression(value, &mut out);
    Ok(Value::string(out))
}

/// Writes an object as the content of a `.tfvars` file.
pub(super) fn encode_variables(call: &Call<'_>) -> Result<Value, CallError> {
    let value = &call.arguments[0];
    if !value.is_known() {
        return call.unknown();
    }
    let Some(fields) = value.fields() else {
        return Err(CallError::new(
            "invalid value to encode: must be an object whose attribute names will become the encoded variable names",
        ));
    };
    if let Some(name) = fields.keys().find(|name| !is_identifier(name)) {
        return Err(CallError::new(format!(
            "invalid variable name {}: must be a valid identifier, per Terraform's rules for input variable declarations",
            quote(name)
        )));
    }
    if !value.is_whole() {
        return call.unknown();
    }
    let mut out = String::new();
    for (name, part) in fields.iter() {
        out.push_str(name);
        out.push_str(" = ");
        expression(part, &mut out);
        out.push('\n');
    }
    Ok(Value::string(out))
}

fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-')
}

fn expression(value: &Value, out: &mut String) {
    match value.kind() {
        Kind::Null(_) | Kind::Unknown(..) => out.push_str("null"),
        Kind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Kind::Number(number) => out.push_str(&number.to_string()),
        Kind::String(text) => quoted(text, out),
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            out.push('[');
            for (place, part) in parts.iter().enumerate() {
                if place > 0 {
                    out.push_str(", ");
                }
                expression(part, out);
            }
            out.push(']');
        }
        Kind::Map(_, fields) | Kind::Object(fields) if fields.is_empty() => out.push_str("{}"),
        Kind::Map(_, fields) | Kind::Object(fields) => {
            out.push_str("{\n");
            for (name, part) in fields.iter() {
                if is_identifier(name) {
                    out.push_str(name);
                } else {
                    quoted(name, out);
                }
                out.push_str(" = ");
                expression(part, out);
                out.push('\n');
            }
            out.push('}');
        }
    }
}

/// Writes a text between quotes, with what is special in it escaped.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '$' | '%' if letters.peek() == Some(&'{') => out.extend([letter, letter]),
            letter if letter.is_control() => {
                let number = u32::from(letter);
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{number:04x}");
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}
