//! The values that texts inside of values are the form of: YAML, HCL, TOML, INI, properties, PEM, and base 64 of any.
//!
//! A text that is not surely of a form has none, and is told as lines.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use crate::diag::Sources;
use crate::providers::small::tls::summary;
use crate::syntax;
use crate::syntax::tree::{Body, ExprKind};
use crate::value::json::from_json;
use crate::value::{Number, Value};

/// A form's name and how a text of it is read.
pub(super) type Form = (&'static str, fn(&str) -> Option<Value>);

/// The forms of texts that stand as they are, the surest first.
pub(super) const FORMS: &[Form] = &[
    ("yamlencode", yaml),
    ("pem", pem),
    ("toml", toml),
    ("ini", ini),
    ("properties", properties),
    ("hcl", hcl),
];

/// Reads a text that is a JSON object or array.
pub(super) fn json(text: &str) -> Option<Value> {
    let trimmed = text.trim_start();
    if !trimmed.starts_with(['{', '[']) {
        return None;
    }
    let json: Json = serde_json::from_str(trimmed).ok()?;
    Some(from_json(&json))
}

/// Reads a text of one YAML document that is a map or a sequence.
fn yaml(text: &str) -> Option<Value> {
    let is_one = !text.lines().skip(1).any(|line| line.trim_end() == "---");
    let looks = text
        .lines()
        .any(|line| line.contains(": ") || line.ends_with(':') || line.starts_with("- "));
    if !is_one || !looks {
        return None;
    }
    let json: Json = serde_saphyr::from_str(text).ok()?;
    (json.is_object() || json.is_array()).then(|| from_json(&json))
}

/// Reads certificates and names keys, which are not shown.
fn pem(text: &str) -> Option<Value> {
    let mut blocks = summary::blocks(text)?;
    match blocks.len() {
        0 => None,
        1 => blocks.pop(),
        _ => Some(Value::tuple(blocks)),
    }
}

/// A line of a flat document.
enum Line<'t> {
    Nothing,
    Section(&'t str),
    Pair(&'t str, &'t str),
}

fn line(text: &str) -> Option<Line<'_>> {
    // What goes on a line before is no flat document.
    if text.starts_with([' ', '\t']) && !text.trim().is_empty() {
        return None;
    }
    let text = text.trim();
    if text.is_empty() || text.starts_with(['#', ';']) {
        return Some(Line::Nothing);
    }
    if let Some(rest) = text.strip_prefix('[') {
        return rest.strip_suffix(']').filter(|name| !name.is_empty()).map(Line::Section);
    }
    let (key, value) = text.split_once('=')?;
    let key = key.trim_end();
    let fits = |c: char| c.is_alphanumeric() || "_-./\"'".contains(c);
    (!key.is_empty() && key.chars().all(fits)).then(|| Line::Pair(key, value.trim_start()))
}

/// Reads sections of `key = value`: the pairs before any section have none.
fn flat(text: &str) -> Option<(BTreeMap<String, BTreeMap<String, String>>, usize)> {
    let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let (mut section, mut pairs) = (String::new(), 0);
    for text in text.lines() {
        match line(text)? {
            Line::Nothing => {}
            Line::Section(name) => {
                section = name.to_string();
                if sections.insert(section.clone(), BTreeMap::new()).is_some() {
                    return None;
                }
            }
            Line::Pair(key, value) => {
                pairs += 1;
                let own = sections.entry(section.clone()).or_default();
                if own.insert(key.to_string(), value.to_string()).is_some() {
                    return None;
                }
            }
        }
    }
    (pairs > 0 && text.contains('\n')).then_some((sections, pairs))
}

fn object(
    sections: BTreeMap<String, BTreeMap<String, String>>,
    read: impl Fn(&str) -> Value,
) -> Value {
    let pairs = |pairs: BTreeMap<String, String>| -> Vec<(String, Value)> {
        pairs.into_iter().map(|(key, value)| (key, read(&value))).collect()
    };
    let mut fields: Vec<(String, Value)> = Vec::new();
    for (name, own) in sections {
        match name.is_empty() {
            true => fields.extend(pairs(own)),
            false => fields.push((format!("[{name}]"), Value::object(pairs(own)))),
        }
    }
    Value::object(fields)
}

/// Reads TOML whose values each stand in their line.
fn toml(text: &str) -> Option<Value> {
    let (sections, _) = flat(text)?;
    let plain =
        |value: &String| value.parse::<f64>().is_ok() || value == "true" || value == "false";
    let composed = |value: &String| {
        let within = |open, close| value.starts_with(open) && value.ends_with(close);
        value.len() > 1 && (within('"', '"') || within('\'', '\'') || within('[', ']'))
    };
    let all = || sections.values().flat_map(BTreeMap::values);
    // Numbers alone stand in other forms, too.
    let is_toml = all().all(|value| plain(value) || composed(value)) && all().any(composed);
    if !is_toml || all().any(|value| value.starts_with("\"\"\"")) {
        return None;
    }
    Some(object(sections, |value| match serde_json::from_str::<Json>(value) {
        Ok(json) => from_json(&json),
        Err(_) => Value::string(value),
    }))
}

/// Reads an INI file: it has a section.
fn ini(text: &str) -> Option<Value> {
    let (sections, _) = flat(text)?;
    let has_section = sections.keys().any(|name| !name.is_empty());
    has_section.then(|| object(sections, |value| Value::string(value.trim_end())))
}

/// Reads pairs without sections: properties, or what sets an environment.
fn properties(text: &str) -> Option<Value> {
    let (sections, pairs) = flat(text)?;
    let plain = sections.keys().all(String::is_empty);
    (plain && pairs > 1).then(|| object(sections, |value| Value::string(value.trim_end())))
}

/// Reads the configuration language's blocks.
fn hcl(text: &str) -> Option<Value> {
    let mut sources = Sources::default();
    let id = sources.add("text", text);
    let (file, problems) = syntax::parse_named(id, "text", text);
    if !problems.is_empty() || file.body.blocks.is_empty() {
        return None;
    }
    Some(of_body(&file.body, &sources))
}

fn of_body(body: &Body, sources: &Sources) -> Value {
    let mut fields: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for attribute in &body.attributes {
        let value = match (&attribute.expr.kind, attribute.expr.literal()) {
            (ExprKind::Bool(value), _) => Value::bool(*value),
            (ExprKind::Number(text), _) => {
                Number::parse(text).map_or_else(|| Value::string(text.as_str()), Value::number)
            }
            (_, Some(text)) => Value::string(text),
            // `"var.b"` is another value than `var.b`.
            _ => Value::string(format!("${{{}}}", sources.slice(attribute.expr.span))),
        };
        fields.entry(attribute.name.text.clone()).or_default().push(value);
    }
    for block in &body.blocks {
        let labels = block.labels.iter().map(|label| format!(" \"{}\"", label.text));
        let name = block.kind.text.clone() + &labels.collect::<String>();
        fields.entry(name).or_default().push(of_body(&block.body, sources));
    }
    let fields = fields.into_iter().map(|(name, mut values)| match values.len() {
        1 => (name, values.remove(0)),
        _ => (name, Value::tuple(values)),
    });
    Value::object(fields.collect::<Vec<_>>())
}

/// Gives the text that a text is the base 64 of.
pub(super) fn decoded(text: &str) -> Option<String> {
    let plain: String = text.split_ascii_whitespace().collect();
    if plain.len() < 16 || !plain.len().is_multiple_of(4) {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(plain).ok()?).ok()?;
    let shown = |c: char| !c.is_control() || matches!(c, '\n' | '\t' | '\r');
    text.chars().all(shown).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Option<&'static str> {
        FORMS.iter().find(|(_, read)| read(text).is_some()).map(|(name, _)| *name)
    }

    #[test]
    fn a_text_has_a_form_only_where_it_surely_has_one() {
        assert_eq!(form("a: 1\nb:\n- x\n"), Some("yamlencode"));
        assert_eq!(form("[a]\nb = \"x\"\nc = [1, 2]\n"), Some("toml"));
        assert_eq!(form("; c\n[a]\nb = some words\n"), Some("ini"));
        assert_eq!(form("A=1 2\nb.c=x\n"), Some("properties"));
        assert_eq!(form("server {\n  port = 1\n}\n"), Some("hcl"));
        assert_eq!(form("#!/bin/sh\nexport A=b\necho $A\n"), None);
        assert_eq!(form("a = 1\n  and more\n"), None);
        assert_eq!(form("words\nand more\n"), None);
    }

    #[test]
    fn base64_is_told_only_of_texts() {
        assert_eq!(
            decoded(&STANDARD.encode("{\"a\": [1, 2, 3]}")),
            Some("{\"a\": [1, 2, 3]}".into())
        );
        assert_eq!(decoded(&STANDARD.encode([0_u8; 24])), None);
        assert_eq!(decoded("abcd"), None);
    }
}
