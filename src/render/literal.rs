//! Values as `output` and `console` print them: as an expression that gives the value again.

use std::collections::BTreeMap;

use super::document::quote;
use crate::state::KeptOutput;
use crate::value::{Fields, Kind, Type, Value};

/// Tells a value as an expression.
pub fn literal(value: &Value) -> String {
    tell(value, 0)
}

/// Tells outputs, `name = value` each.
pub fn outputs(outputs: &BTreeMap<String, KeptOutput>) -> String {
    let mut text = String::new();
    for (name, output) in outputs {
        let value = if output.sensitive || output.value.is_sensitive() {
            "<sensitive>".to_string()
        } else {
            literal(&output.value)
        };
        text += &format!("{name} = {value}\n");
    }
    text
}

fn tell(value: &Value, indent: usize) -> String {
    let Some(kind) = value.shown() else { return "(sensitive value)".to_string() };
    match kind {
        Kind::Unknown(..) => "(known after apply)".to_string(),
        Kind::Null(ty) => null(ty),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::String(text) if text.contains('\n') => lines(text, indent),
        Kind::String(text) => quote(text),
        Kind::List(_, parts) => format!("tolist({})", sequence(parts, indent)),
        Kind::Set(_, parts) => format!("toset({})", sequence(parts, indent)),
        Kind::Tuple(parts) => sequence(parts, indent),
        Kind::Map(_, fields) => format!("tomap({})", members(fields, indent)),
        Kind::Object(fields) => members(fields, indent),
    }
}

fn null(ty: &Type) -> String {
    match ty {
        Type::Any => "null".to_string(),
        Type::Bool => "tobool(null)".to_string(),
        Type::Number => "tonumber(null)".to_string(),
        Type::String => "tostring(null)".to_string(),
        Type::List(element) => format!("tolist(null) /* of {} */", element.friendly()),
        Type::Set(element) => format!("toset(null) /* of {} */", element.friendly()),
        Type::Map(element) => format!("tomap(null) /* of {} */", element.friendly()),
        Type::Tuple(_) | Type::Object(_) => format!("null /* {} */", ty.friendly()),
    }
}

/// Several lines between marks; the marks are none of the lines.
fn lines(text: &str, indent: usize) -> String {
    let mut mark = String::from("EOT");
    while text.lines().any(|line| line.trim() == mark) {
        mark.push('_');
    }
    if indent == 0 {
        return format!("<<{mark}\n{text}\n{mark}");
    }
    let space = " ".repeat(indent);
    let lines: String = text.split('\n').map(|line| format!("{space}{line}\n")).collect();
    format!("<<-{mark}\n{lines}{space}{mark}")
}

fn sequence(parts: &[Value], indent: usize) -> String {
    if parts.is_empty() {
        return "[]".to_string();
    }
    let space = " ".repeat(indent + 2);
    let parts = parts.iter().map(|part| format!("{space}{},\n", tell(part, indent + 2)));
    format!("[\n{}{}]", parts.collect::<String>(), " ".repeat(indent))
}

fn members(fields: &Fields, indent: usize) -> String {
    if fields.is_empty() {
        return "{}".to_string();
    }
    let space = " ".repeat(indent + 2);
    let fields = fields
        .iter()
        .map(|(name, part)| format!("{space}{} = {}\n", quote(name), tell(part, indent + 2)));
    format!("{{\n{}{}}}", fields.collect::<String>(), " ".repeat(indent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_told_as_an_expression_with_its_types() {
        let list = Value::list(Type::Number, vec![Value::number(1_i64)]);
        let value = Value::object([
            ("e", Value::map(Type::String, Vec::<(&str, Value)>::new())),
            ("l", list),
            ("n", Value::null(Type::String)),
            ("s", Value::string("a\"${b").sensitive()),
            ("t", Value::tuple(vec![Value::string("a\nb")])),
        ]);

        let expected = "{
  \"e\" = tomap({})
  \"l\" = tolist([
    1,
  ])
  \"n\" = tostring(null)
  \"s\" = (sensitive value)
  \"t\" = [
    <<-EOT
    a
    b
    EOT,
  ]
}";
        assert_eq!(literal(&value), expected);
    }

    #[test]
    fn a_text_of_lines_stands_between_marks_that_it_does_not_have() {
        assert_eq!(literal(&Value::string("a\nEOT\n")), "<<EOT_\na\nEOT\n\nEOT_");
    }
}
