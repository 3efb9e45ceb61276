//! Objects as configuration: a block that says what an object is, for objects that are imported without one.

use std::collections::BTreeMap;

use super::document::quote;
use crate::schema::{BlockKind, Field, Given, Schema};
use crate::value::{Fields, Kind, Value};

/// The first lines of a file of generated blocks.
pub const HEAD: &str = "# __generated__ by Terrane\n# Please review these resources and move them into your main configuration files.\n";

/// Writes an object's block. It is to be laid out before it is kept.
pub fn block(type_name: &str, name: &str, id: &str, schema: &Schema, value: &Value) -> String {
    let mut out = format!(
        "\n# __generated__ by Terrane from {}\nresource {} {} {{\n",
        quote(id),
        quote(type_name),
        quote(name)
    );
    body(&schema.fields, &schema.sealed(value), false, &mut out);
    out + "}\n"
}

/// What a text begins with that is an expression, and written as it is.
pub const EXPRESSION: char = '\u{e000}';

/// Writes an object's block with what is given in a configuration, and the block that imports it. It is to be laid out before
/// it is kept.
pub fn imported_block(
    type_name: &str,
    name: &str,
    id: &str,
    schema: &Schema,
    config: &Value,
) -> String {
    let (label, quoted) = (quote(type_name), quote(name));
    let mut out = format!(
        "\nimport {{\nto = {type_name}.{name}\nid = {}\n}}\n\nresource {label} {quoted} {{\n",
        quote(id)
    );
    body(&schema.fields, &schema.sealed(config), true, &mut out);
    out + "}\n"
}

/// Writes what of a body can be configured: attributes, then blocks; of a brief one only what is given.
fn body(fields: &BTreeMap<String, Field>, value: &Value, brief: bool, out: &mut String) {
    let given = fields.iter().filter(|(name, field)| {
        let own_id = *name == "id" && field.is_computed();
        field.is_configurable() && field.deprecated.is_none() && !field.write_only && !own_id
    });
    let (attributes, blocks): (Vec<_>, Vec<_>) =
        given.partition(|(_, field)| field.inside().is_none());
    for (name, field) in attributes {
        match value.field(name) {
            Some(part) if brief && part.is_null() => {}
            Some(part) if field.sensitive || part.is_sensitive() => {
                out.push_str(&format!("{name} = null # sensitive\n"));
            }
            Some(part) if !part.is_null() => {
                out.push_str(&format!("{name} = {}\n", expression(part)));
            }
            // What the service gives need not be written.
            _ if brief || field.given == Given::OptionalOrService => {}
            _ => out.push_str(&format!("{name} = null\n")),
        }
    }
    for (name, field) in blocks {
        // How long to wait is no part of an object.
        if name == "timeouts" {
            continue;
        }
        let (Some(inside), Some(part)) = (field.inside(), value.field(name)) else { continue };
        let mut one = |label: &str, element: &Value| {
            out.push_str(&format!("{name} {label}{{\n"));
            body(&inside.fields, element, brief, out);
            out.push_str("}\n");
        };
        match (part.kind(), inside.kind) {
            (Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts), _) => {
                parts.iter().for_each(|element| one("", element));
            }
            (Kind::Map(_, parts), _) | (Kind::Object(parts), BlockKind::Map) => {
                parts.iter().for_each(|(label, element)| one(&(quote(label) + " "), element));
            }
            (Kind::Object(_), _) => one("", part),
            (
                Kind::Unknown(..)
                | Kind::Null(_)
                | Kind::Bool(_)
                | Kind::Number(_)
                | Kind::String(_),
                _,
            ) => {}
        }
    }
}

/// Writes a value as an expression.
fn expression(value: &Value) -> String {
    let Some(kind) = value.shown() else { return "null".to_string() };
    match kind {
        Kind::Unknown(..) | Kind::Null(_) => "null".to_string(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::String(text) => match text.strip_prefix(EXPRESSION) {
            Some(written) => written.to_string(),
            None => quote(text),
        },
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            let parts: Vec<String> = parts.iter().map(expression).collect();
            format!("[{}]", parts.join(", "))
        }
        Kind::Map(_, fields) | Kind::Object(fields) => members(fields),
    }
}

fn members(fields: &Fields) -> String {
    if fields.is_empty() {
        return "{}".to_string();
    }
    let lines = fields.iter().map(|(name, part)| {
        let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        let key = if plain { name.to_string() } else { quote(name) };
        let remark = if part.is_sensitive() { " # sensitive" } else { "" };
        format!("{key} = {}{remark}\n", expression(part))
    });
    format!("{{\n{}}}", lines.collect::<String>())
}
