//! `random_password`, `random_string`, `random_id`, `random_bytes`, `random_integer`, `random_uuid`, `random_pet`,
//! `random_shuffle`.
//!
//! Attributes, defaults and schema versions are those of the random provider 3.x, so that state files are shared.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::check::at_least;
use super::random_text;
use super::seeded::Seeded;
use super::{
    DataRow, Making, Row, computed, count, defaulted, fill, invalid, is_null, keepers, made,
    optional, random_bytes, replaced_by, required, text,
};
use crate::providers::{ApiError, PlanRequest, Planned};
use crate::schema::Schema;
use crate::value::{Type, Value};

pub(super) const ROWS: &[Row] = &[
    random_text::PASSWORD,
    random_text::STRING,
    Row { import: id_import, ..Row::new("random_id", id_schema, id_plan, id) },
    Row {
        import: bytes_import,
        validate: |config| at_least(config, "length", 1).into_iter().collect(),
        ..Row::new("random_bytes", bytes_schema, bytes_plan, bytes)
    },
    Row {
        import: integer_import,
        ..Row::new("random_integer", integer_schema, integer_plan, integer)
    },
    Row { import: uuid_import, ..Row::new("random_uuid", uuid_schema, uuid_plan, uuid) },
    Row { import: uuid_import, ..Row::new("random_uuid4", uuid_schema, uuid_plan, uuid4) },
    Row { import: uuid_import, ..Row::new("random_uuid7", uuid_schema, uuid_plan, uuid7) },
    Row::new("random_pet", pet_schema, pet_plan, pet),
    Row::new("random_shuffle", shuffle_schema, shuffle_plan, shuffle),
];

pub(super) const EPHEMERAL: &[DataRow] = &[
    random_text::EPHEMERAL,
    DataRow {
        type_name: "random_bytes",
        schema: || without(bytes_schema(), &["keepers"]),
        validate: |config| at_least(config, "length", 1).into_iter().collect(),
        read: |config, world| {
            Box::pin(async move {
                let open =
                    |value: Value, name| value.with_field(name, Value::unknown(Type::String));
                let planned = open(open(config.clone(), "base64"), "hex");
                bytes(&Making { planned: &planned, prior: None, world })
            })
        },
    },
];

/// Leaves fields out that something that is not kept does not have.
pub(super) fn without(mut schema: Schema, names: &[&str]) -> Schema {
    schema.fields.retain(|name, _| !names.contains(&name.as_str()));
    Schema { version: 0, ..schema }
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

fn id(making: &Making<'_>) -> Result<Value, ApiError> {
    let bytes = random_bytes(count(making.planned, "byte_length")?)?;
    let prefix = text(making.planned, "prefix").unwrap_or_default();
    let texts = id_texts(prefix, &bytes).into_iter();
    let value = making.planned.clone();
    Ok(texts.fold(value, |value, (name, text)| fill(&value, name, || Value::string(text))))
}

fn id_texts(prefix: &str, bytes: &[u8]) -> [(&'static str, String); 5] {
    let number = dashu_int::UBig::from_be_bytes(bytes);
    let url = URL_SAFE_NO_PAD.encode(bytes);
    [
        ("b64_url", format!("{prefix}{url}")),
        ("b64_std", format!("{prefix}{}", STANDARD.encode(bytes))),
        ("hex", format!("{prefix}{}", hex::encode(bytes))),
        ("dec", format!("{prefix}{number}")),
        ("id", url),
    ]
}

/// The id is `PREFIX,BASE64` or `BASE64` alone, in the form for URLs.
fn id_import(id: &str) -> Result<Value, String> {
    let (prefix, encoded) = id.rsplit_once(',').unwrap_or(("", id));
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|error| {
        format!(
            "While attempting to import a random id there was a decoding error.\n\nOriginal Error: {error}"
        )
    })?;
    let value = id_schema().empty().with_field("byte_length", Value::number(bytes.len()));
    let value = match prefix {
        "" => value,
        prefix => value.with_field("prefix", Value::string(prefix)),
    };
    let texts = id_texts(prefix, &bytes).into_iter();
    Ok(texts.fold(value, |value, (name, text)| value.with_field(name, Value::string(text))))
}

fn bytes_schema() -> Schema {
    made(
        0,
        [
            ("keepers", keepers()),
            ("length", required(Type::Number)),
            ("base64", computed(Type::String).sensitive()),
            ("hex", computed(Type::String).sensitive()),
        ],
    )
}

fn bytes_plan(request: &PlanRequest<'_>) -> Planned {
    replaced_by(request, &["keepers", "length"])
}

fn bytes(making: &Making<'_>) -> Result<Value, ApiError> {
    let bytes = random_bytes(count(making.planned, "length")?)?;
    let value = fill(making.planned, "base64", || Value::string(STANDARD.encode(&bytes)));
    Ok(fill(&value, "hex", || Value::string(hex::encode(&bytes))))
}

fn bytes_import(id: &str) -> Result<Value, String> {
    let bytes = STANDARD.decode(id).map_err(|error| {
        format!(
            "There was an error during the parsing of the base64 string.\n\nOriginal Error: {error}"
        )
    })?;
    Ok(bytes_schema()
        .empty()
        .with_field("length", Value::number(bytes.len()))
        .with_field("base64", Value::string(id))
        .with_field("hex", Value::string(hex::encode(bytes))))
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

fn integer(making: &Making<'_>) -> Result<Value, ApiError> {
    let number = |name: &str| making.planned.field(name).and_then(Value::as_i64).unwrap_or(0);
    let (min, max) = (number("min"), number("max"));
    if max < min {
        let detail = "The minimum (minVal) value needs to be smaller than or equal to maximum (maxVal) value.";
        return Err(invalid("Create Random Integer Error", detail));
    }
    let span = max.abs_diff(min).saturating_add(1);
    let drawn = Seeded::new(text(making.planned, "seed")).below(span)?;
    let drawn = min.saturating_add_unsigned(drawn);
    let value = fill(making.planned, "result", || Value::number(drawn));
    Ok(fill(&value, "id", || Value::string(drawn.to_string())))
}

/// The id is `RESULT,MIN,MAX` or `RESULT,MIN,MAX,SEED`.
fn integer_import(id: &str) -> Result<Value, String> {
    let parts: Vec<&str> = id.split(',').collect();
    let [result, min, max, seed @ ..] = parts.as_slice() else {
        return Err(INTEGER_FORMS.into());
    };
    let number = |what: &str, text: &str| {
        let wrong = |error: std::num::ParseIntError| {
            format!(
                "The {what} supplied could not be parsed as an integer.\n\nOriginal Error: {error}"
            )
        };
        text.parse::<i64>().map(Value::number).map_err(wrong)
    };
    let value = integer_schema()
        .empty()
        .with_field("id", Value::string(result))
        .with_field("result", number("value", result)?)
        .with_field("min", number("min value", min)?)
        .with_field("max", number("max value", max)?);
    match seed {
        [] => Ok(value),
        [seed] => Ok(value.with_field("seed", Value::string(seed))),
        [_, _, ..] => Err(INTEGER_FORMS.into()),
    }
}

const INTEGER_FORMS: &str =
    "Invalid import usage: expecting {result},{min},{max} or {result},{min},{max},{seed}";

fn uuid_schema() -> Schema {
    let text = || computed(Type::String);
    made(0, [("id", text()), ("keepers", keepers()), ("result", text())])
}

fn uuid_plan(request: &PlanRequest<'_>) -> Planned {
    replaced_by(request, &["keepers"])
}

/// Draws 128 bits in the form of a UUID, without a version's mark.
fn uuid(making: &Making<'_>) -> Result<Value, ApiError> {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&random_bytes(16)?);
    uuid_of(making, uuid::Uuid::from_bytes(bytes))
}

fn uuid4(making: &Making<'_>) -> Result<Value, ApiError> {
    uuid_of(making, uuid::Uuid::new_v4())
}

/// Draws a UUID that begins with the present moment in milliseconds.
fn uuid7(making: &Making<'_>) -> Result<Value, ApiError> {
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&random_bytes(10)?);
    let now = u64::try_from(making.world.clock.now().as_millisecond()).unwrap_or(0);
    uuid_of(making, uuid::Builder::from_unix_timestamp_millis(now, &bytes).into_uuid())
}

fn uuid_of(making: &Making<'_>, drawn: uuid::Uuid) -> Result<Value, ApiError> {
    let drawn = drawn.to_string();
    let value = fill(making.planned, "result", || Value::string(&drawn));
    Ok(fill(&value, "id", || Value::string(&drawn)))
}

fn uuid_import(id: &str) -> Result<Value, String> {
    let uuid = uuid::Uuid::parse_str(id).map_err(|error| {
        format!("There was an error during the parsing of the UUID.\n\nOriginal Error: {error}")
    })?;
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

fn pet(making: &Making<'_>) -> Result<Value, ApiError> {
    let length = count(making.planned, "length")?.max(1);
    let separator = making.planned.field("separator").and_then(Value::as_str).unwrap_or("-");
    let mut source = Seeded::System;
    let mut pick = |words: &[&'static str]| {
        let place = source.below(words.len() as u64)?;
        Ok::<_, ApiError>(words[usize::try_from(place).unwrap_or(0)])
    };
    // From the last word to the first.
    let mut words = vec![pick(ANIMALS)?];
    for place in 1..length {
        words.push(pick(if place == 1 { ADJECTIVES } else { ADVERBS })?);
    }
    words.extend(text(making.planned, "prefix"));
    words.reverse();
    Ok(fill(making.planned, "id", || Value::string(words.join(separator))))
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

fn shuffle(making: &Making<'_>) -> Result<Value, ApiError> {
    let input = making.planned.field("input").and_then(Value::elements).unwrap_or_default();
    let count = match is_null(making.planned, "result_count") {
        true => input.len(),
        false => count(making.planned, "result_count")?,
    };
    let mut source = Seeded::new(text(making.planned, "seed"));
    let mut result = Vec::new();
    while result.len() < count && !input.is_empty() {
        let order = source.permutation(input.len())?;
        result.extend(order.into_iter().map(|place| input[place].clone()));
    }
    result.truncate(count);
    let value = fill(making.planned, "result", || Value::list(Type::String, result));
    Ok(fill(&value, "id", || Value::string("-")))
}
