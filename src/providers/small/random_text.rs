//! `random_password` and `random_string`.

use serde_json::{Value as Json, json};

use super::check::{at_least, bad_value, problem};
use super::random::without;
use super::seeded::Seeded;
use super::{
    DataRow, Making, Row, computed, count, defaulted, fill, invalid, keepers, made, optional,
    replaced, required, text,
};
use crate::providers::{ApiError, ApiErrorKind, PlanRequest, Planned, Problem, World};
use crate::schema::{Field, Given, Schema};
use crate::value::{Path, Type, Value};

pub(super) const PASSWORD: Row = Row {
    long: true,
    validate: checks,
    import: password_import,
    upgrade: password_upgrade,
    ..Row::new("random_password", password_schema, plan, password)
};

pub(super) const EPHEMERAL: DataRow = DataRow {
    type_name: "random_password",
    schema: || without(password_schema(), &["id", "keepers", "number"]),
    validate: checks,
    read: |config, world| Box::pin(async move { opened(config, world) }),
};

pub(super) const STRING: Row = Row {
    validate: checks,
    import: string_import,
    upgrade: |_, attributes| Ok(completed(attributes)),
    ..Row::new("random_string", string_schema, plan, string)
};

/// The characters that a password may have besides letters and digits.
const SPECIAL: &str = "!@#$%&*()-_=+[]{}<>:?";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

const LEAST: [&str; 4] = ["min_upper", "min_lower", "min_numeric", "min_special"];

const ARGUMENTS: &[&str] = &[
    "keepers",
    "length",
    "lower",
    "min_lower",
    "min_numeric",
    "min_special",
    "min_upper",
    "number",
    "numeric",
    "special",
    "upper",
];

fn schema(version: u64, result: Field) -> Schema {
    let flag = || defaulted(Type::Bool, Value::bool(true));
    let least = || defaulted(Type::Number, Value::number(0_i64));
    let mut number = flag();
    number.deprecated = Some("**NOTE**: This is deprecated, use `numeric` instead.".into());
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
            ("number", number),
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
    let mut schema = schema(3, computed(Type::String).sensitive());
    schema.fields.insert("bcrypt_hash".into(), computed(Type::String).sensitive());
    schema
}

fn string_schema() -> Schema {
    schema(2, computed(Type::String))
}

/// `number` is the former name of `numeric`: who writes one has written the other.
fn plan(request: &PlanRequest<'_>) -> Planned {
    let written = |name: &str| request.config.field(name).filter(|value| !value.is_null()).cloned();
    let (numeric, number) = (written("numeric"), written("number"));
    let differ = match (&numeric, &number) {
        (Some(numeric), Some(number)) => {
            numeric.is_known() && number.is_known() && numeric != number
        }
        _ => false,
    };
    let after = match numeric.or(number) {
        Some(value) => {
            request.proposed.with_field("numeric", value.clone()).with_field("number", value)
        }
        None => request.proposed.clone(),
    };
    let mut planned = replaced(request, after, ARGUMENTS);
    if replaces_special(request) {
        planned.replaces.push(Path::root().attribute("override_special"));
    }
    if differ {
        let summary = "Number and numeric are both configured with different values";
        planned.problems.push(problem(
            "numeric",
            summary,
            "Number is deprecated, use numeric instead".into(),
        ));
    }
    planned
}

/// An empty text for null was an older version's mistake and changes nothing.
fn replaces_special(request: &PlanRequest<'_>) -> bool {
    let special = |value: &Value| value.field("override_special").map(Value::without_marks);
    let (before, after) = (request.prior.and_then(special), special(request.proposed));
    let was_empty = before.as_ref().and_then(Value::as_str) == Some("");
    let gone = after.as_ref().is_none_or(Value::is_null);
    let known = after.as_ref().is_none_or(Value::is_known);
    request.prior.is_some() && before != after && known && !(was_empty && gone)
}

fn checks(config: &Value) -> Vec<Problem> {
    let mut problems: Vec<Problem> = at_least(config, "length", 1).into_iter().collect();
    let number = |name: &str| config.field(name).and_then(Value::as_i64);
    let open = LEAST.iter().any(|name| config.field(name).is_some_and(|value| !value.is_known()));
    let least: i64 = LEAST.iter().filter_map(|name| number(name)).sum();
    if let Some(length) = number("length").filter(|length| *length < least && !open) {
        let must = format!("value must be at least sum of {}", LEAST.join(" + "));
        problems.push(bad_value("length", &must, &length.to_string()));
    }
    problems.extend(["number", "numeric"].iter().filter_map(|name| none_left(config, name)));
    problems
}

/// Says that all four kinds of characters are switched off by the configuration.
fn none_left(config: &Value, argument: &str) -> Option<Problem> {
    let others = ["special", "upper", "lower"];
    let off = |name: &str| config.field(name).and_then(Value::as_bool) == Some(false);
    if !off(argument) || !others.iter().all(|name| off(name)) {
        return None;
    }
    let detail = format!(
        "At least one attribute out of [{},{argument}] must be specified as true",
        others.join(",")
    );
    Some(problem(argument, "Invalid Attribute Combination", detail))
}

fn password(making: &Making<'_>) -> Result<Value, ApiError> {
    let result = drawn(making)?;
    let hash = hash(&result)
        .map_err(|error| ApiError::new(ApiErrorKind::Internal, "Hash Generation Error", error))?;
    let value = fill(making.planned, "result", || Value::string(&result));
    let value = fill(&value, "bcrypt_hash", || Value::string(hash));
    Ok(fill(&value, "id", || Value::string("none")))
}

/// Gives a password that is kept nowhere.
fn opened(config: &Value, world: &World) -> Result<Value, ApiError> {
    let schema = password_schema();
    let filled = config.fields().into_iter().flat_map(|fields| fields.iter());
    let filled = filled.map(|(name, value)| {
        let field = schema.fields.get(&**name).filter(|_| value.is_null());
        let value = match field {
            Some(field) if field.default.is_some() => field.default.clone(),
            Some(field) if field.given == Given::Service => Some(Value::unknown(Type::String)),
            _ => None,
        }
        .unwrap_or_else(|| value.clone());
        (name.clone(), value)
    });
    let planned = Value::object(filled.collect::<Vec<_>>());
    password(&Making { planned: &planned, prior: None, world })
}

fn string(making: &Making<'_>) -> Result<Value, ApiError> {
    let result = drawn(making)?;
    let value = fill(making.planned, "result", || Value::string(&result));
    Ok(fill(&value, "id", || Value::string(&result)))
}

/// Gives the text of an object that is changed, or draws one.
fn drawn(making: &Making<'_>) -> Result<String, ApiError> {
    match text(making.planned, "result") {
        Some(result) => Ok(result.to_string()),
        None => draw(making.planned),
    }
}

fn hash(text: &str) -> Result<String, String> {
    let bytes = text.as_bytes();
    // bcrypt takes 72 bytes.
    let bytes = bytes.get(..72).unwrap_or(bytes);
    let parts =
        bcrypt::hash_with_result(bytes, 10).map_err(|error| format!("bcrypt failed: {error}."))?;
    Ok(parts.format_for_version(bcrypt::Version::TwoA))
}

/// Draws the text: first the least number of each kind, then from all kinds, then mixed.
fn draw(value: &Value) -> Result<String, ApiError> {
    let flag = |name: &str| value.field(name).and_then(Value::as_bool).unwrap_or(true);
    let special = text(value, "override_special").unwrap_or(SPECIAL);
    let kinds = [
        ("lower", LOWER, "min_lower"),
        ("upper", UPPER, "min_upper"),
        ("numeric", DIGITS, "min_numeric"),
        ("special", special, "min_special"),
    ];
    let mut source = Seeded::System;
    let (mut all, mut drawn) = (Vec::new(), Vec::new());
    for (name, characters, least) in kinds {
        let characters: Vec<char> = characters.chars().collect();
        if flag(name) {
            all.extend(characters.iter().copied());
        }
        for _ in 0..count(value, least)? {
            drawn.push(pick(&mut source, &characters)?);
        }
    }
    if all.is_empty() {
        let detail = "While attempting to generate a random value for this resource, a read error was generated.\n\n\
                      Original Error: the character set specified is empty";
        return Err(invalid("Random Read Error", detail));
    }
    let length = count(value, "length")?;
    while drawn.len() < length {
        drawn.push(pick(&mut source, &all)?);
    }
    let order = source.permutation(drawn.len())?;
    Ok(order.into_iter().map(|place| drawn[place]).collect())
}

fn pick(source: &mut Seeded, characters: &[char]) -> Result<char, ApiError> {
    let place = source.below(characters.len() as u64)?;
    Ok(usize::try_from(place).ok().and_then(|place| characters.get(place)).copied().unwrap_or('a'))
}

fn password_import(id: &str) -> Result<Value, String> {
    let hash = hash(id)?;
    let value = imported(&password_schema(), id, "none");
    Ok(value.with_field("bcrypt_hash", Value::string(hash)))
}

fn string_import(id: &str) -> Result<Value, String> {
    Ok(imported(&string_schema(), id, id))
}

fn imported(schema: &Schema, text: &str, id: &str) -> Value {
    let fields = schema.fields.iter().map(|(name, field)| {
        (name.as_str(), field.default.clone().unwrap_or_else(|| field.absent()))
    });
    Value::object(fields)
        .with_field("result", Value::string(text))
        .with_field("length", Value::number(text.len()))
        .with_field("id", Value::string(id))
}

/// Version 0 has no hash, version 1 and before no `numeric`, version 2 some hashes of another text.
fn password_upgrade(version: u64, attributes: Json) -> Result<Json, String> {
    let mut attributes = completed(attributes);
    let result = attributes["result"].as_str().unwrap_or_default().to_string();
    let kept = attributes["bcrypt_hash"].as_str().unwrap_or_default();
    let first = result.as_bytes().get(..72).unwrap_or(result.as_bytes());
    if version < 3 && !bcrypt::verify(first, kept).unwrap_or(false) {
        attributes["bcrypt_hash"] = hash(&result)?.into();
    }
    Ok(attributes)
}

/// Fills in what older versions did not keep, so that nothing of it looks like a change.
fn completed(mut attributes: Json) -> Json {
    if !attributes.is_object() {
        return attributes;
    }
    let length = attributes["result"].as_str().map_or(0, str::len);
    let number = attributes.get("number").filter(|number| !number.is_null()).cloned();
    let defaults = [
        ("length", json!(length)),
        ("numeric", number.unwrap_or(json!(true))),
        ("number", json!(true)),
        ("special", json!(true)),
        ("upper", json!(true)),
        ("lower", json!(true)),
    ];
    let least = LEAST.iter().map(|name| (*name, json!(0)));
    for (name, default) in defaults.into_iter().chain(least) {
        if attributes[name].is_null() {
            attributes[name] = default;
        }
    }
    attributes
}
