//! Values as `output` and `console` print them: as an expression that gives the value again.

use std::collections::BTreeMap;

use crate::state::KeptOutput;
use crate::value::quote::quote;
use crate::value::{Fields, Kind, Type, Value};

/// Tells a value as an expression.
pub fn literal(value: &Value) -> String {
    tell(value, 0)
}

/// Tells a value in a few words; nothing where it is a secret, unknown, or has parts.
pub fn short(value: &Value) -> Option<String> {
    match value.shown().filter(|_| value.is_known())? {
        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) => Some(literal(value)),
        Kind::String(text) if !text.contains('\n') => Some(quote(text)),
        _ => None,
    }
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
    if !value.is_known() {
        return "(known after apply)".to_string();
    }
    let Some(kind) = value.shown() else { return "(sensitive value)".to_string() };
    match kind {
        Kind::Unknown(..) => "(known after apply)".to_string(),
        Kind::Null(ty) => null(ty),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => match number.to_string() {
            text if text == "Inf" => "+Inf".to_string(),
            text => text,
        },
        Kind::String(text) if text.contains('\n') => lines(text, indent),
        Kind::String(text) => quote(text),
        Kind::List(_, parts) => format!("tolist({})", sequence(parts, indent)),
        Kind::Set(_, parts) => format!("toset({})", sequence(parts, indent)),
        Kind::Tuple(parts) => sequence(parts, indent),
        Kind::Map(_, fields) => format!("tomap({})", members(fields, indent)),
        Kind::Object(fields) => members(fields, indent),
    }
}

/// Tells a type as the console's `type` does, nested parts on lines of their own.
pub fn type_text(ty: &Type) -> String {
    type_lines(ty, 0)
}

fn type_lines(ty: &Type, indent: usize) -> String {
    let (inside, here) = (" ".repeat(indent + 4), " ".repeat(indent));
    let collection = |word: &str, element: &Type| {
        if matches!(element, Type::Object(_) | Type::Tuple(_)) {
            format!("{word}(\n{inside}{},\n{here})", type_lines(element, indent + 4))
        } else {
            format!("{word}({})", type_lines(element, indent))
        }
    };
    match ty {
        Type::Any => "dynamic".to_string(),
        Type::Bool => "bool".to_string(),
        Type::Number => "number".to_string(),
        Type::String => "string".to_string(),
        Type::List(element) => collection("list", element),
        Type::Set(element) => collection("set", element),
        Type::Map(element) => collection("map", element),
        Type::Tuple(parts) if parts.is_empty() => "tuple([])".to_string(),
        Type::Object(fields) if fields.is_empty() => "object({})".to_string(),
        Type::Tuple(parts) => {
            let parts = parts.iter().map(|part| type_lines(part, indent + 4));
            let lines: String = parts.map(|part| format!("{inside}{part},\n")).collect();
            format!("tuple([\n{lines}{here}])")
        }
        Type::Object(fields) => {
            let fields = fields.iter().map(|(name, ty)| (name, type_lines(ty, indent + 4)));
            let lines: String =
                fields.map(|(name, ty)| format!("{inside}{name}: {ty},\n")).collect();
            format!("object({{\n{lines}{here}}})")
        }
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

fn name_text(name: &str, indent: usize) -> String {
    if name.contains('\n') { lines(name, indent) } else { quote(name) }
}

fn members(fields: &Fields, indent: usize) -> String {
    if fields.is_empty() {
        return "{}".to_string();
    }
    let space = " ".repeat(indent + 2);
    let fields = fields.iter().map(|(name, part)| {
        format!("{space}{} = {}\n", name_text(name, indent + 2), tell(part, indent + 2))
    });
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
