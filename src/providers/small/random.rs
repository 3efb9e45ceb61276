//! `random_password`, `random_string`, `random_id`, `random_integer`, `random_uuid`, `random_pet`, `random_shuffle`.
//!
//! Attributes, defaults and schema versions are those of the random provider 3.x, so that state files are shared.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::{Row, fill, keepers, no_checks, no_import, random_bytes, replaced_by};
use crate::providers::{ApiError, ApiErrorKind, PlanRequest, Planned, Problem};
use crate::schema::{Field, Given, Schema};
use crate::value::{Path, Type, Value};

pub(super) const ROWS: &[Row] = &[
    row("random_password", password_schema, text_plan, password)
        .checked(text_checks)
        .imported(password_import),
    row("random_string", string_schema, text_plan, string)
        .checked(text_checks)
        .imported(string_import),
    row("random_id", id_schema, id_plan, id),
    row("random_integer", integer_schema, integer_plan, integer).checked(integer_checks),
    row("random_uuid", uuid_schema, uuid_plan, uuid).imported(uuid_import),
    row("random_pet", pet_schema, pet_plan, pet),
    row("random_shuffle", shuffle_schema, shuffle_plan, shuffle),
];

const fn row(
    type_name: &'static str,
    schema: fn() -> Schema,
    plan: fn(&PlanRequest<'_>) -> Planned,
    make: fn(&Value) -> Result<Value, ApiError>,
) -> Row {
    Row { type_name, schema, plan, make, validate: no_checks, import: no_import }
}

impl Row {
    const fn checked(mut self, validate: fn(&Value) -> Vec<Problem>) -> Row {
        self.validate = validate;
        self
    }

    const fn imported(mut self, import: fn(&str) -> Result<Value, String>) -> Row {
        self.import = import;
        self
    }
}

/// The characters that a password may have besides letters and digits.
const SPECIAL: &str = "!@#$%&*()-_=+[]{}<>:?";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

const TEXT_ARGUMENTS: &[&str] = &[
    "keepers",
    "length",
    "lower",
    "min_lower",
    "min_numeric",
    "min_special",
    "min_upper",
    "number",
    "numeric",
    "override_special",
    "special",
    "upper",
];

fn computed(ty: Type) -> Field {
    Field::attribute(ty, Given::Service)
}

fn optional(ty: Type) -> Field {
    Field::attribute(ty, Given::Optional).replaces()
}

fn required(ty: Type) -> Field {
    Field::attribute(ty, Given::Required).replaces()
}

fn defaulted(ty: Type, value: Value) -> Field {
    Field::attribute(ty, Given::OptionalOrService).replaces().default(value)
}

fn made<const N: usize>(version: u64, fields: [(&'static str, Field); N]) -> Schema {
    let fields = fields.into_iter().map(|(name, field)| (name.to_string(), field)).collect();
    Schema { version, fields, ..Schema::default() }
}

fn text_schema(version: u64, result: Field) -> Schema {
    let flag = || defaulted(Type::Bool, Value::bool(true));
    let least = || defaulted(Type::Number, Value::number(0_i64));
    made(
        version,
        [
            ("id", computed(Type::String)),
            ("keepers", keepers()),
            ("length", required(Type::Number)),
            ("special", flag()),
            ("upper", flag()),
            ("lower", flag()),
            ("numeric", flag()),
            ("number", flag()),
            ("min_numeric", least()),
            ("min_upper", least()),
            ("min_lower", least()),
            ("min_special", least()),
            ("override_special", optional(Type::String)),
            ("result", result),
        ],
    )
}

fn password_schema() -> Schema {
    let mut schema = text_schema(3, computed(Type::String).sensitive());
    schema.fields.insert("bcrypt_hash".into(), computed(Type::String).sensitive());
    schema
}

fn string_schema() -> Schema {
    text_schema(2, computed(Type::String))
}

/// `number` is the former name of `numeric`: who writes one has written the other.
fn text_plan(request: &PlanRequest<'_>) -> Planned {
    let written = |name: &str| request.config.field(name).filter(|value| !value.is_null()).cloned();
    let proposed = match written("numeric").or_else(|| written("number")) {
        Some(value) => {
            request.proposed.with_field("numeric", value.clone()).with_field("number", value)
        }
        None => request.proposed.clone(),
    };
    replaced_by(&PlanRequest { proposed: &proposed, ..*request }, TEXT_ARGUMENTS)
}

fn wrong(argument: &str, detail: String) -> Problem {
    Problem {
        path: Path::root().attribute(argument),
        warning: false,
        summary: "Invalid attribute value".into(),
        detail,
        help: Vec::new(),
    }
}

fn text_checks(config: &Value) -> Vec<Problem> {
    let number = |name: &str| config.field(name).and_then(Value::as_i64);
    let kinds = ["min_upper", "min_lower", "min_numeric", "min_special"];
    let least: i64 = kinds.iter().filter_map(|name| number(name)).sum();
    match number("length") {
        Some(length) if length < 1 => {
            vec![wrong("length", format!("Attribute length must be at least 1, got: {length}."))]
        }
        Some(length) if length < least => vec![wrong(
            "length",
            format!(
                "Attribute length must be at least the sum of min_upper, min_lower, min_numeric and \
                 min_special ({least}), got: {length}."
            ),
        )],
        Some(_) | None => Vec::new(),
    }
}

fn password(value: &Value) -> Result<Value, ApiError> {
    let result = text(value)?;
    let bytes = result.as_bytes();
    // bcrypt takes 72 bytes.
    let hash = bcrypt::hash(bytes.get(..72).unwrap_or(bytes), 10).map_err(|error| {
        ApiError::new(ApiErrorKind::Internal, "Cannot hash", format!("bcrypt failed: {error}."))
    })?;
    let value = fill(value, "result", || Value::string(&result));
    let value = fill(&value, "bcrypt_hash", || Value::string(hash));
    Ok(fill(&value, "id", || Value::string("none")))
}

fn string(value: &Value) -> Result<Value, ApiError> {
    let result = text(value)?;
    let value = fill(value, "result", || Value::string(&result));
    Ok(fill(&value, "id", || Value::string(&result)))
}

/// Draws the text: first the least number of each kind, then from all kinds, then mixed.
fn text(value: &Value) -> Result<String, ApiError> {
    let number = |name: &str| value.field(name).and_then(Value::as_i64).unwrap_or(0).max(0);
    let flag = |name: &str| value.field(name).and_then(Value::as_bool).unwrap_or(true);
    let special = value.field("override_special").and_then(Value::as_str).unwrap_or(SPECIAL);
    let kinds = [
        ("lower", LOWER, "min_lower"),
        ("upper", UPPER, "min_upper"),
        ("numeric", DIGITS, "min_numeric"),
        ("special", special, "min_special"),
    ];
    let mut all = Vec::new();
    let mut drawn = Vec::new();
    for (name, characters, least) in kinds {
        let characters: Vec<char> = characters.chars().collect();
        if flag(name) {
            all.extend(characters.iter().copied());
        }
        for _ in 0..number(least) {
            drawn.extend(pick(&characters)?);
        }
    }
    let length = usize::try_from(number("length")).unwrap_or(0);
    while drawn.len() < length {
        let Some(character) = pick(&all)? else {
            let detail =
                "All kinds of characters are switched off, so there is nothing to draw from.";
            return Err(ApiError::new(ApiErrorKind::Invalid, "Invalid random text", detail));
        };
        drawn.push(character);
    }
    mix(&mut drawn)?;
    Ok(drawn.into_iter().collect())
}

fn mix<T>(items: &mut [T]) -> Result<(), ApiError> {
    for place in (1..items.len()).rev() {
        items.swap(place, below(place + 1)?);
    }
    Ok(())
}

fn pick<T: Copy>(items: &[T]) -> Result<Option<T>, ApiError> {
    if items.is_empty() {
        return Ok(None);
    }
    Ok(items.get(below(items.len())?).copied())
}

/// Draws a number below a bound, each equally likely.
fn below(bound: usize) -> Result<usize, ApiError> {
    let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&random_bytes(8)?);
        let drawn = u64::from_le_bytes(bytes);
        if drawn < limit {
            return Ok(usize::try_from(drawn % bound).unwrap_or(0));
        }
    }
}

fn password_import(id: &str) -> Result<Value, String> {
    let hash = bcrypt::hash(id, 10).map_err(|error| format!("bcrypt failed: {error}."))?;
    let value = text_import(&password_schema(), id, "none");
    Ok(value.with_field("bcrypt_hash", Value::string(hash)))
}

fn string_import(id: &str) -> Result<Value, String> {
    Ok(text_import(&string_schema(), id, id))
}

fn text_import(schema: &Schema, text: &str, id: &str) -> Value {
    let fields: BTreeMap<&str, Value> = schema
        .fields
        .iter()
        .map(|(name, field)| {
            (name.as_str(), field.default.clone().unwrap_or_else(|| field.absent()))
        })
        .collect();
    Value::object(fields)
        .with_field("result", Value::string(text))
        .with_field("length", Value::number(text.chars().count()))
        .with_field("id", Value::string(id))
}

fn id_schema() -> Schema {
    made(
        0,
        [
            ("id", computed(Type::String)),
            ("keepers", keepers()),
            ("byte_length", required(Type::Number)),
            ("prefix", optional(Type::String)),
            ("b64_url", computed(Type::String)),
            ("b64_std", computed(Type::String)),
            ("hex", computed(Type::String)),
            ("dec", computed(Type::String)),
        ],
    )
}

fn id_plan(request: &PlanRequest<'_>) -> Planned {
    replaced_by(request, &["keepers", "byte_length", "prefix"])
}

fn id(value: &Value) -> Result<Value, ApiError> {
    let length = value.field("byte_length").and_then(Value::as_i64).unwrap_or(0);
    let bytes = random_bytes(usize::try_from(length).unwrap_or(0))?;
    let prefix = value.field("prefix").and_then(Value::as_str).unwrap_or("").to_string();
    let number = dashu_int::UBig::from_be_bytes(&bytes);
    let url = URL_SAFE_NO_PAD.encode(&bytes);
    let texts = [
        ("b64_url", format!("{prefix}{url}")),
        ("b64_std", format!("{prefix}{}", STANDARD.encode(&bytes))),
        ("hex", format!("{prefix}{}", hex::encode(&bytes))),
        ("dec", format!("{prefix}{number}")),
        ("id", url),
    ];
    let filled = texts.into_iter();
    Ok(filled.fold(value.clone(), |value, (name, text)| fill(&value, name, || Value::string(text))))
}

fn integer_schema() -> Schema {
    made(
        0,
        [
            ("id", computed(Type::String)),
            ("keepers", keepers()),
            ("min", required(Type::Number)),
            ("max", required(Type::Number)),
            ("seed", optional(Type::String)),
            ("result", computed(Type::Number)),
        ],
    )
}

fn integer_plan(request: &PlanRequest<'_>) -> Planned {
    replaced_by(request, &["keepers", "min", "max", "seed"])
}

fn integer_checks(config: &Value) -> Vec<Problem> {
    let number = |name: &str| config.field(name).and_then(Value::as_i64);
    match (number("min"), number("max")) {
        (Some(min), Some(max)) if min > max => vec![wrong(
            "min",
            format!("The minimum value ({min}) must not be larger than the maximum value ({max})."),
        )],
        _ => Vec::new(),
    }
}

fn integer(value: &Value) -> Result<Value, ApiError> {
    let number = |name: &str| value.field(name).and_then(Value::as_i64).unwrap_or(0);
    let (min, max) = (number("min"), number("max"));
    let span = usize::try_from(max.saturating_sub(min)).unwrap_or(0).saturating_add(1);
    let drawn = min.saturating_add(i64::try_from(below(span)?).unwrap_or(0));
    let value = fill(value, "result", || Value::number(drawn));
    Ok(fill(&value, "id", || Value::string(drawn.to_string())))
}

fn uuid_schema() -> Schema {
    let text = || computed(Type::String);
    made(0, [("id", text()), ("keepers", keepers()), ("result", text())])
}

fn uuid_plan(request: &PlanRequest<'_>) -> Planned {
    replaced_by(request, &["keepers"])
}

fn uuid(value: &Value) -> Result<Value, ApiError> {
    let drawn = uuid::Uuid::new_v4().to_string();
    let value = fill(value, "result", || Value::string(&drawn));
    Ok(fill(&value, "id", || Value::string(&drawn)))
}

fn uuid_import(id: &str) -> Result<Value, String> {
    let uuid =
        uuid::Uuid::parse_str(id).map_err(|error| format!("\"{id}\" is not a UUID: {error}."))?;
    let text = Value::string(uuid.to_string());
    Ok(uuid_schema().empty().with_field("id", text.clone()).with_field("result", text))
}

const ADVERBS: &[&str] = &[
    "boldly", "calmly", "daily", "early", "fairly", "gladly", "highly", "kindly", "merrily",
    "nearly", "openly", "purely", "quietly", "rarely", "safely", "truly", "vastly", "warmly",
    "wisely",
];
const ADJECTIVES: &[&str] = &[
    "amber", "brave", "clever", "dapper", "eager", "fond", "gentle", "happy", "ideal", "jolly",
    "keen", "light", "modest", "noble", "open", "proud", "quick", "rapid", "sunny", "tidy",
    "upbeat", "vivid", "witty", "young",
];
const ANIMALS: &[&str] = &[
    "ant", "badger", "crane", "dove", "eagle", "finch", "gecko", "heron", "ibis", "jay", "koala",
    "lynx", "mole", "newt", "otter", "panda", "quail", "raven", "seal", "tapir", "urchin", "viper",
    "wren", "yak", "zebra",
];

fn pet_schema() -> Schema {
    made(
        0,
        [
            ("id", computed(Type::String)),
            ("keepers", keepers()),
            ("length", defaulted(Type::Number, Value::number(2_i64))),
            ("prefix", optional(Type::String)),
            ("separator", defaulted(Type::String, Value::string("-"))),
        ],
    )
}

fn pet_plan(request: &PlanRequest<'_>) -> Planned {
    replaced_by(request, &["keepers", "length", "prefix", "separator"])
}

fn pet(value: &Value) -> Result<Value, ApiError> {
    let length = value.field("length").and_then(Value::as_i64).unwrap_or(2).max(1);
    let separator = value.field("separator").and_then(Value::as_str).unwrap_or("-").to_string();
    let mut words: Vec<&str> = pick(ANIMALS)?.into_iter().collect();
    for place in 1..length {
        let list = if place == 1 { ADJECTIVES } else { ADVERBS };
        words.splice(0..0, pick(list)?);
    }
    let prefix = value.field("prefix").and_then(Value::as_str);
    words.splice(0..0, prefix.filter(|prefix| !prefix.is_empty()));
    Ok(fill(value, "id", || Value::string(words.join(&separator))))
}

fn shuffle_schema() -> Schema {
    made(
        0,
        [
            ("id", computed(Type::String)),
            ("keepers", keepers()),
            ("input", required(Type::list(Type::String))),
            ("result_count", optional(Type::Number)),
            ("seed", optional(Type::String)),
            ("result", computed(Type::list(Type::String))),
        ],
    )
}

fn shuffle_plan(request: &PlanRequest<'_>) -> Planned {
    replaced_by(request, &["keepers", "input", "result_count", "seed"])
}

fn shuffle(value: &Value) -> Result<Value, ApiError> {
    let input = value.field("input").and_then(Value::elements).unwrap_or_default().to_vec();
    let count = value.field("result_count").and_then(Value::as_i64);
    let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(input.len());
    let mut result = Vec::new();
    while result.len() < count && !input.is_empty() {
        let mut turn = input.clone();
        mix(&mut turn)?;
        result.extend(turn);
    }
    result.truncate(count);
    let value = fill(value, "result", || Value::list(Type::String, result));
    Ok(fill(&value, "id", || Value::string("-")))
}
