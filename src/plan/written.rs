//! Values, paths and places as a saved plan has them: whole, with marks and what is known of the unknown.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::addr::Address;
use crate::diag::{FileId, Span};
use crate::eval::ProviderRef;
use crate::value::json::{type_from_json, type_to_json};
use crate::value::{Bounds, Kind, Marks, Number, Path, PathStep, Type, Value};

/// What a saved plan says that cannot be.
pub(super) type Damage = String;

/// A value.
#[derive(Serialize, Deserialize)]
pub(super) struct WrittenValue {
    #[serde(default, skip_serializing_if = "is_false")]
    sensitive: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    ephemeral: bool,
    #[serde(flatten)]
    kind: WrittenKind,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenKind {
    Unknown(WrittenUnknown),
    Null(Json),
    Bool(bool),
    Number(String),
    String(String),
    List(Json, Vec<WrittenValue>),
    Set(Json, Vec<WrittenValue>),
    Map(Json, BTreeMap<String, WrittenValue>),
    Tuple(Vec<WrittenValue>),
    Object(BTreeMap<String, WrittenValue>),
}

#[derive(Serialize, Deserialize)]
struct WrittenUnknown {
    #[serde(rename = "type")]
    ty: Json,
    #[serde(default)]
    not_null: bool,
    #[serde(default)]
    prefix: Option<String>,
    #[serde(default)]
    length: (usize, Option<usize>),
    #[serde(default)]
    number: (Option<String>, Option<String>),
}

impl From<&Value> for WrittenValue {
    fn from(value: &Value) -> WrittenValue {
        let marks = value.marks();
        WrittenValue {
            sensitive: marks.sensitive,
            ephemeral: marks.ephemeral,
            kind: value.kind().into(),
        }
    }
}

impl From<&Kind> for WrittenKind {
    fn from(kind: &Kind) -> WrittenKind {
        let parts = |parts: &[Value]| parts.iter().map(WrittenValue::from).collect();
        let fields = |fields: &crate::value::Fields| {
            fields.iter().map(|(name, part)| (name.to_string(), part.into())).collect()
        };
        match kind {
            Kind::Unknown(ty, bounds) => WrittenKind::Unknown(WrittenUnknown {
                ty: type_to_json(ty),
                not_null: bounds.not_null,
                prefix: bounds.prefix.as_deref().map(str::to_string),
                length: bounds.length,
                number: (
                    bounds.number.0.as_ref().map(Number::to_exact),
                    bounds.number.1.as_ref().map(Number::to_exact),
                ),
            }),
            Kind::Null(ty) => WrittenKind::Null(type_to_json(ty)),
            Kind::Bool(value) => WrittenKind::Bool(*value),
            Kind::Number(number) => WrittenKind::Number(number.to_exact()),
            Kind::String(text) => WrittenKind::String(text.to_string()),
            Kind::List(ty, elements) => WrittenKind::List(type_to_json(ty), parts(elements)),
            Kind::Set(ty, elements) => WrittenKind::Set(type_to_json(ty), parts(elements)),
            Kind::Map(ty, members) => WrittenKind::Map(type_to_json(ty), fields(members)),
            Kind::Tuple(elements) => WrittenKind::Tuple(parts(elements)),
            Kind::Object(members) => WrittenKind::Object(fields(members)),
        }
    }
}

fn number(text: &str) -> Result<Number, Damage> {
    Number::parse_exact(text).ok_or_else(|| format!("\"{text}\" is no number"))
}

fn ty(json: &Json) -> Result<Type, Damage> {
    type_from_json(json).ok_or_else(|| format!("{json} is no type"))
}

impl TryFrom<WrittenValue> for Value {
    type Error = Damage;

    fn try_from(written: WrittenValue) -> Result<Value, Damage> {
        let marks = Marks { sensitive: written.sensitive, ephemeral: written.ephemeral };
        let parts = |parts: Vec<WrittenValue>| {
            parts.into_iter().map(Value::try_from).collect::<Result<Vec<Value>, Damage>>()
        };
        let fields = |fields: BTreeMap<String, WrittenValue>| {
            let one = |(name, part): (String, WrittenValue)| {
                Ok((Arc::from(name), Value::try_from(part)?))
            };
            fields.into_iter().map(one).collect::<Result<crate::value::Fields, Damage>>()
        };
        let kind = match written.kind {
            WrittenKind::Unknown(unknown) => {
                let bound = |text: Option<String>| text.as_deref().map(number).transpose();
                let bounds = Bounds {
                    not_null: unknown.not_null,
                    prefix: unknown.prefix.map(Arc::from),
                    length: unknown.length,
                    number: (bound(unknown.number.0)?, bound(unknown.number.1)?),
                };
                // It is taken as written: a damaged file must not say how many elements are made.
                Kind::Unknown(ty(&unknown.ty)?, Arc::new(bounds))
            }
            WrittenKind::Null(json) => Kind::Null(ty(&json)?),
            WrittenKind::Bool(value) => Kind::Bool(value),
            WrittenKind::Number(text) => Kind::Number(number(&text)?),
            WrittenKind::String(text) => Kind::String(text.into()),
            WrittenKind::List(json, elements) => Kind::List(ty(&json)?, parts(elements)?.into()),
            WrittenKind::Set(json, elements) => {
                return Ok(Value::set(ty(&json)?, parts(elements)?).marked(marks));
            }
            WrittenKind::Map(json, members) => Kind::Map(ty(&json)?, Arc::new(fields(members)?)),
            WrittenKind::Tuple(elements) => Kind::Tuple(parts(elements)?.into()),
            WrittenKind::Object(members) => Kind::Object(Arc::new(fields(members)?)),
        };
        Ok(Value::new(kind).with_marks(marks))
    }
}

/// A path's step.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WrittenStep {
    Attribute(String),
    Index(WrittenValue),
}

/// A path.
pub(super) type WrittenPath = Vec<WrittenStep>;

pub(super) fn write_path(path: &Path) -> WrittenPath {
    let step = |step: &PathStep| match step {
        PathStep::Attribute(name) => WrittenStep::Attribute(name.clone()),
        PathStep::Index(index) => WrittenStep::Index(index.into()),
    };
    path.0.iter().map(step).collect()
}

pub(super) fn read_path(written: WrittenPath) -> Result<Path, Damage> {
    let step = |step| {
        Ok(match step {
            WrittenStep::Attribute(name) => PathStep::Attribute(name),
            WrittenStep::Index(index) => PathStep::Index(index.try_into()?),
        })
    };
    written.into_iter().map(step).collect::<Result<_, Damage>>().map(Path)
}

/// A place: file, first byte, byte after the last.
pub(super) type WrittenSpan = (u32, u32, u32);

pub(super) fn write_span(span: Span) -> WrittenSpan {
    (span.file.0, span.start, span.end)
}

pub(super) fn read_span((file, start, end): WrittenSpan) -> Span {
    Span { file: FileId(file), start, end }
}

/// A provider's block.
#[derive(Serialize, Deserialize)]
pub(super) struct WrittenProvider {
    #[serde(default)]
    module: Vec<String>,
    name: String,
    source: String,
    #[serde(default)]
    alias: Option<String>,
}

impl From<&ProviderRef> for WrittenProvider {
    fn from(provider: &ProviderRef) -> WrittenProvider {
        WrittenProvider {
            module: provider.module.clone(),
            name: provider.name.clone(),
            source: provider.source.clone(),
            alias: provider.alias.clone(),
        }
    }
}

impl From<WrittenProvider> for ProviderRef {
    fn from(written: WrittenProvider) -> ProviderRef {
        let WrittenProvider { module, name, source, alias } = written;
        ProviderRef { module, name, source, alias }
    }
}

pub(super) fn read_address(text: &str) -> Result<Address, Damage> {
    text.parse().map_err(|error| format!("{error}"))
}

pub(super) fn values(
    written: BTreeMap<String, WrittenValue>,
) -> Result<BTreeMap<String, Value>, Damage> {
    written.into_iter().map(|(name, value)| Ok((name, value.try_into()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_back_what_it_writes_with_marks_and_bounds() {
        let bounds = Bounds {
            not_null: true,
            prefix: Some("a".into()),
            length: (1, Some(3)),
            number: (Number::parse("0.1"), Some(Number::infinity(false))),
        };
        let unknown = Value::new(Kind::unknown(Type::list(Type::Any), bounds));
        let value = Value::object([
            ("u", unknown),
            ("s", Value::string("x\u{e9}").sensitive()),
            ("n", Value::null(Type::map(Type::Number))),
            (
                "l",
                Value::list(
                    Type::Number,
                    vec![
                        Value::number(Number::parse("1e30").unwrap()),
                        Value::number(Number::from_f64(1_180_591_620_717_411_303_424.0).unwrap()),
                    ],
                ),
            ),
            (
                "e",
                Value::set(Type::String, vec![Value::string("b"), Value::string("a").sensitive()]),
            ),
            ("m", Value::map(Type::Bool, [("k", Value::bool(true))])),
            (
                "t",
                Value::tuple(vec![Value::bool(false)])
                    .marked(Marks { sensitive: false, ephemeral: true }),
            ),
        ]);

        let text = serde_json::to_string(&WrittenValue::from(&value)).unwrap();
        let back = Value::try_from(serde_json::from_str::<WrittenValue>(&text).unwrap()).unwrap();

        assert!(back == value, "{text}");
    }

    #[test]
    fn an_unknown_list_is_not_made_as_long_as_a_damaged_file_says() {
        let text = r#"{"unknown":{"type":["list","string"],"not_null":true,"length":[1000000000000,1000000000000]}}"#;

        let value = Value::try_from(serde_json::from_str::<WrittenValue>(text).unwrap()).unwrap();
        let other = crate::value::convert::convert(&value, &Type::list(Type::Any)).unwrap();

        assert!(!value.is_known() && !other.is_known());
    }

    #[test]
    fn a_path_reads_back_what_it_writes() {
        let path = Path::root().attribute("a").place(3).key("k");

        let text = serde_json::to_string(&write_path(&path)).unwrap();

        assert_eq!(read_path(serde_json::from_str(&text).unwrap()), Ok(path));
    }
}
