//! Values of expressions, and what JSON under a schema is among them.

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use crate::sandbox::kubernetes::store::{items, text};

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that is not below nought.
    Uint(u64),
    /// A number.
    Double(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list; with `loose`, one whose order does not count.
    List { parts: Vec<Value>, loose: bool },
    /// A map, or an object.
    Map(Vec<(Value, Value)>),
    /// A moment.
    Moment(jiff::Timestamp),
    /// A length of time, in billionths of a second.
    Span(i128),
    /// What may be absent.
    Optional(Option<Box<Value>>),
    /// A quantity, in billionths.
    Quantity(i128, bool),
    /// An address of the web.
    Url(url::Url),
    /// A type, by its name.
    Type(&'static str),
}

impl Value {
    /// Makes a list.
    pub fn list(parts: Vec<Value>) -> Value {
        Value::List { parts, loose: false }
    }

    /// Makes a text.
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    /// Names the type.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null_type",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Uint(_) => "uint",
            Value::Double(_) => "double",
            Value::Text(_) => "string",
            Value::Bytes(_) => "bytes",
            Value::List { .. } => "list",
            Value::Map(_) => "map",
            Value::Moment(_) => "google.protobuf.Timestamp",
            Value::Span(_) => "google.protobuf.Duration",
            Value::Optional(_) => "optional_type",
            Value::Quantity(..) => "kubernetes.Quantity",
            Value::Url(_) => "kubernetes.URL",
            Value::Type(_) => "type",
        }
    }

    /// Gives what stands under a key.
    pub fn at(&self, key: &Value) -> Option<&Value> {
        match (self, key) {
            (Value::Map(rows), _) => {
                rows.iter().find(|(name, _)| name.equals(key)).map(|(_, value)| value)
            }
            (Value::List { parts, .. }, Value::Int(at)) => parts.get(usize::try_from(*at).ok()?),
            _ => None,
        }
    }

    /// Says whether two values are the same.
    pub fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::List { parts: a, loose }, Value::List { parts: b, loose: also }) => {
                let has = |all: &[Value], one: &Value| all.iter().any(|other| other.equals(one));
                match a.len() == b.len() {
                    false => false,
                    true if *loose || *also => a.iter().all(|one| has(b, one)),
                    true => a.iter().zip(b).all(|(a, b)| a.equals(b)),
                }
            }
            (Value::Map(a), Value::Map(b)) => {
                let same = |(name, value): &(Value, Value)| {
                    other.at(name).is_some_and(|b| b.equals(value))
                };
                a.len() == b.len() && a.iter().all(same)
            }
            (Value::Optional(a), Value::Optional(b)) => match (a, b) {
                (Some(a), Some(b)) => a.equals(b),
                (None, None) => true,
                _ => false,
            },
            (Value::Url(a), Value::Url(b)) => a == b,
            (Value::Type(a), Value::Type(b)) => a == b,
            _ => self.order(other) == Some(Ordering::Equal),
        }
    }

    /// Says which of two values is greater, where that can be said.
    pub fn order(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Value::Uint(a), Value::Uint(b)) => Some(a.cmp(b)),
            (Value::Int(a), Value::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Value::Uint(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
            (Value::Moment(a), Value::Moment(b)) => Some(a.cmp(b)),
            (Value::Span(a), Value::Span(b)) | (Value::Quantity(a, _), Value::Quantity(b, _)) => {
                Some(a.cmp(b))
            }
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }

    /// Gives a number of whichever type.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Int(number) => Some(*number as f64),
            Value::Uint(number) => Some(*number as f64),
            Value::Double(number) => Some(*number),
            _ => None,
        }
    }
}

/// Words that may not be names; a property of that name is written `__namespace__`.
const KEYWORDS: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Gives the name by which expressions know a property.
pub fn escaped(name: &str) -> String {
    if KEYWORDS.contains(&name) {
        return format!("__{name}__");
    }
    name.replace("__", "__underscores__")
        .replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__")
}

/// Gives a value that stands under a schema.
pub fn of(json: &Json, schema: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), schema["type"].as_str()) {
            (Some(number), kind) if kind != Some("number") => Value::Int(number),
            _ => Value::Double(number.as_f64().unwrap_or_default()),
        },
        Json::String(word) => formatted(word, text(schema, "/format")),
        Json::Array(parts) => {
            let loose = matches!(text(schema, "/x-kubernetes-list-type"), "set" | "map");
            let parts = parts.iter().map(|part| of(part, &schema["items"])).collect();
            Value::List { parts, loose }
        }
        Json::Object(fields) => {
            let known = schema["properties"].as_object();
            let rows = fields.iter().filter_map(|(name, value)| {
                let below = known.and_then(|known| known.get(name));
                let name = if below.is_some() { escaped(name) } else { name.clone() };
                let below = below.unwrap_or(&schema["additionalProperties"]);
                // What no schema speaks of cannot be spoken of in a rule.
                let hidden = known.is_some() && below.is_null();
                (!hidden).then(|| (Value::Text(name), of(value, below)))
            });
            Value::Map(rows.collect())
        }
    }
}

fn formatted(word: &str, format: &str) -> Value {
    let found = match format {
        "date-time" => word.parse().ok().map(Value::Moment),
        "duration" => span(word).map(Value::Span),
        "byte" => STANDARD.decode(word).ok().map(Value::Bytes),
        _ => None,
    };
    found.unwrap_or_else(|| Value::text(word))
}

/// Gives an object whole: with its identity, and the name alone of its metadata.
pub fn of_root(json: &Json, schema: &Json) -> Value {
    let Value::Map(mut rows) = of(json, schema) else { return Value::Null };
    let known = ["apiVersion", "kind", "metadata"];
    rows.retain(|(name, _)| !matches!(name, Value::Text(name) if known.contains(&name.as_str())));
    let plain = |name: &str, of: &Json| Some((Value::text(name), Value::text(of[name].as_str()?)));
    rows.extend(["apiVersion", "kind"].iter().filter_map(|name| plain(name, json)));
    let metadata = ["name", "generateName"].iter();
    let metadata = metadata.filter_map(|name| plain(name, &json["metadata"])).collect();
    rows.push((Value::text("metadata"), Value::Map(metadata)));
    Value::Map(rows)
}

/// Reads a length of time like `1h30m`.
pub fn span(text: &str) -> Option<i128> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() && rest != "0" {
        let split = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, more) = rest.split_at(split);
        let end = more.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(more.len());
        let (unit, next) = more.split_at(end);
        let factor = match unit {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = next;
    }
    let total = total as i128;
    Some(if negative { -total } else { total })
}

/// Gives the keys by which the items of a list are known.
pub fn keys(schema: &Json) -> Vec<&str> {
    items(schema, "/x-kubernetes-list-map-keys").iter().filter_map(Json::as_str).collect()
}
