//! `time_sleep`, `time_static`, `time_offset`, `time_rotating`.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;

use super::check::{at_least, at_least_one_of, bad_match, problem, some_of};
use super::moment::{Moment, duration};
use super::{
    Making, Row, anew, computed, fill, invalid, is_null, keepers, made, replaced, replaced_by, text,
};
use crate::providers::{ApiError, Deed, PlanRequest, Planned, Problem, World};
use crate::schema::{Field, Given, Schema};
use crate::value::{Type, Value};

pub(super) const ROWS: &[Row] = &[
    Row {
        validate: sleep_checks,
        import: sleep_import,
        read: sleep_read,
        wait: sleep_wait,
        ..Row::new("time_sleep", sleep_schema, sleep_plan, sleep)
    },
    Row {
        validate: |config| moments(config, &["rfc3339"]),
        import: static_import,
        ..Row::new("time_static", static_schema, static_plan, static_make)
    },
    Row {
        validate: offset_checks,
        import: offset_import,
        ..Row::new("time_offset", offset_schema, offset_plan, offset_make)
    },
    Row {
        validate: rotating_checks,
        import: rotating_import,
        read: rotating_read,
        ..Row::new("time_rotating", rotating_schema, rotating_plan, rotating_make)
    },
];

const DURATIONS: &[&str] = &["create_duration", "destroy_duration"];

fn plain(ty: Type) -> Field {
    Field::attribute(ty, Given::Optional)
}

fn sleep_schema() -> Schema {
    made(
        0,
        [
            ("create_duration", plain(Type::String)),
            ("destroy_duration", plain(Type::String)),
            ("triggers", keepers()),
            ("id", computed(Type::String)),
        ],
    )
}

fn sleep_checks(config: &Value) -> Vec<Problem> {
    let mut problems = at_least_one_of(config, DURATIONS);
    for name in DURATIONS {
        let written = config.field(name).and_then(Value::as_str);
        if let Some(text) = written.filter(|text| duration(text).is_none()) {
            let must = "must be a number immediately followed by ms (milliseconds), s (seconds), m (minutes), or h \
                        (hours). For example, \"30s\" for 30 seconds.";
            problems.push(bad_match(name, must, text));
        }
    }
    problems
}

fn sleep_plan(request: &PlanRequest<'_>) -> Planned {
    replaced_by(request, &["triggers"])
}

fn sleep_wait(deed: &Deed) -> Result<Duration, ApiError> {
    let (value, name) = match deed {
        Deed::Create { planned, .. } => (planned, "create_duration"),
        Deed::Delete { prior } => (prior, "destroy_duration"),
        Deed::Update { .. } => return Ok(Duration::ZERO),
    };
    let Some(written) = text(value, name) else { return Ok(Duration::ZERO) };
    duration(written).ok_or_else(|| {
        invalid("Create time sleep error", format!("The {name} cannot be parsed: {written}"))
    })
}

fn sleep(making: &Making<'_>) -> Result<Value, ApiError> {
    let now = Moment::at(making.world.clock.now());
    Ok(fill(making.planned, "id", || Value::string(now.to_string())))
}

/// The id is `CREATEDURATION,DESTROYDURATION`.
fn sleep_import(id: &str) -> Result<Value, String> {
    let (create, destroy) = id.split_once(',').unwrap_or_default();
    if id.matches(',').count() != 1 || (create.is_empty() && destroy.is_empty()) {
        return Err(format!(
            "Unexpected format of ID ({id:?}), expected CREATEDURATION,DESTROYDURATION where at least one value is non-empty"
        ));
    }
    let mut value = sleep_schema().empty();
    for (name, given) in [("create_duration", create), ("destroy_duration", destroy)] {
        if given.is_empty() {
            continue;
        }
        if duration(given).is_none() {
            return Err(format!("The {name} cannot be parsed: {given}"));
        }
        value = value.with_field(name, Value::string(given));
    }
    Ok(value)
}

/// What was imported has the moment of its import as its id.
fn sleep_read(value: &Value, world: &World) -> Result<Option<Value>, ApiError> {
    if !is_null(value, "id") {
        return Ok(Some(value.clone()));
    }
    let now = Moment::at(world.clock.now());
    Ok(Some(value.with_field("id", Value::string(now.to_string()))))
}

/// Adds the attributes that say what a moment is made of.
fn moment_schema<const N: usize>(fields: [(&'static str, Field); N]) -> Schema {
    let mut schema = made(0, fields);
    let numbers = ["year", "month", "day", "hour", "minute", "second", "unix"];
    let numbers = numbers.map(|name| (name.to_string(), computed(Type::Number)));
    let texts: BTreeMap<String, Field> = BTreeMap::from([
        ("id".to_string(), computed(Type::String)),
        ("triggers".to_string(), keepers()),
    ]);
    schema.fields.extend(numbers);
    schema.fields.extend(texts);
    schema
}

fn given_moment() -> Field {
    Field::attribute(Type::String, Given::OptionalOrService)
}

/// Checks that texts are moments.
fn moments(config: &Value, names: &[&str]) -> Vec<Problem> {
    let wrong = |name: &&str| {
        let text = config.field(name).and_then(Value::as_str)?;
        if Moment::parse(text).is_some() {
            return None;
        }
        let detail = format!(
            "A string value was provided that is not valid RFC3339 string format.\n\nGiven Value: {text}\nError: parsing \
             time {text:?} as \"2006-01-02T15:04:05Z07:00\": not of that form"
        );
        Some(problem(name, "Invalid RFC3339 String Value", detail))
    };
    names.iter().filter_map(wrong).collect()
}

/// Says of what a moment is made: year, month, …, unix.
fn with_parts(value: &Value, moment: &Moment) -> Result<Value, ApiError> {
    let seconds = moment.timestamp().ok_or_else(beyond)?.as_second();
    let value = value.with_field("unix", Value::number(seconds));
    let parts = moment.parts().into_iter();
    Ok(parts.fold(value, |value, (name, part)| value.with_field(name, Value::number(part))))
}

fn beyond() -> ApiError {
    invalid("Moment out of range", "The calendar does not reach that far.")
}

/// Gives the moment that an argument names, else the present one.
fn base(making: &Making<'_>, name: &str) -> Moment {
    let given = text(making.planned, name).and_then(Moment::parse);
    given.unwrap_or_else(|| Moment::at(making.world.clock.now()))
}

fn static_schema() -> Schema {
    moment_schema([("rfc3339", given_moment().replaces())])
}

fn static_plan(request: &PlanRequest<'_>) -> Planned {
    let after = anew(request, &static_schema(), &["id"]);
    replaced(request, after, &["rfc3339", "triggers"])
}

fn static_make(making: &Making<'_>) -> Result<Value, ApiError> {
    if making.prior.is_some() {
        return Ok(making.planned.clone());
    }
    static_value(making.planned, &base(making, "rfc3339"))
}

fn static_value(value: &Value, moment: &Moment) -> Result<Value, ApiError> {
    let value = fill(value, "rfc3339", || Value::string(moment.to_string()));
    with_parts(&value.with_field("id", Value::string(moment.to_string())), moment)
}

fn static_import(id: &str) -> Result<Value, String> {
    let moment = Moment::parse(id)
        .ok_or_else(|| "The id that was supplied could not be parsed as RFC3339.".to_string())?;
    let value = static_schema().empty().with_field("rfc3339", Value::string(moment.to_string()));
    static_value(&value, &moment).map_err(|error| error.detail)
}

const OFFSETS: &[&str] = &[
    "offset_seconds",
    "offset_minutes",
    "offset_hours",
    "offset_days",
    "offset_months",
    "offset_years",
];

fn offset_schema() -> Schema {
    let mut schema =
        moment_schema([("base_rfc3339", given_moment()), ("rfc3339", computed(Type::String))]);
    schema.fields.extend(OFFSETS.iter().map(|name| ((*name).to_string(), plain(Type::Number))));
    schema
}

fn offset_checks(config: &Value) -> Vec<Problem> {
    some_of(config, OFFSETS).into_iter().chain(moments(config, &["base_rfc3339"])).collect()
}

/// Where an offset changes, all is worked out in the plan, from the same base.
fn offset_plan(request: &PlanRequest<'_>) -> Planned {
    let after = anew(request, &offset_schema(), &[]);
    let known = changed(request, OFFSETS).and_then(|prior| {
        let base = text(&after, "base_rfc3339").or_else(|| text(prior, "base_rfc3339"))?;
        offset_value(&after, &Moment::parse(base)?).ok()
    });
    replaced(request, known.unwrap_or(after), &["triggers"])
}

/// Gives the prior object where any of these arguments differs from it and all are known.
fn changed<'a>(request: &PlanRequest<'a>, names: &[&str]) -> Option<&'a Value> {
    let prior = request.prior?;
    let part = |value: &Value, name: &str| value.field(name).map(Value::without_marks);
    let known = names.iter().all(|name| request.proposed.field(name).is_some_and(Value::is_known));
    let differs = names.iter().any(|name| part(prior, name) != part(request.proposed, name));
    (known && differs).then_some(prior)
}

fn offset_make(making: &Making<'_>) -> Result<Value, ApiError> {
    offset_value(making.planned, &base(making, "base_rfc3339"))
}

fn offset_value(value: &Value, base: &Moment) -> Result<Value, ApiError> {
    let number = |name: &str| value.field(name).and_then(Value::as_i64).unwrap_or(0);
    let seconds = number("offset_hours")
        .checked_mul(3600)
        .zip(number("offset_minutes").checked_mul(60))
        .and_then(|(hours, minutes)| hours.checked_add(minutes))
        .map(SignedDuration::from_secs);
    let moment = seconds.and_then(|clock| {
        let moment = base.plus_date(0, 0, number("offset_days"))?.plus(clock)?;
        let moment = moment.plus_date(0, number("offset_months"), 0)?;
        let moment = moment.plus(SignedDuration::from_secs(number("offset_seconds")))?;
        moment.plus_date(number("offset_years"), 0, 0)
    });
    let moment = moment.ok_or_else(beyond)?;
    let value = fill(value, "base_rfc3339", || Value::string(base.to_string()));
    let value = value.with_field("rfc3339", Value::string(moment.to_string()));
    with_parts(&value.with_field("id", Value::string(base.to_string())), &moment)
}

/// The id is the base and the numbers, `BASETIMESTAMP,YEARS,MONTHS,DAYS,HOURS,MINUTES,SECONDS`.
fn offset_import(id: &str) -> Result<Value, String> {
    let names: Vec<&str> = OFFSETS.iter().rev().copied().collect();
    let form = "BASETIMESTAMP,YEARS,MONTHS,DAYS,HOURS,MINUTES,SECONDS";
    let (base, value) = imported(id, &names, offset_schema().empty(), form)?;
    let value = value.with_field("base_rfc3339", Value::string(base.to_string()));
    offset_value(&value, &base).map_err(|error| error.detail)
}

/// Reads a base and numbers, of which some may be left empty but not all.
fn imported(id: &str, names: &[&str], value: Value, form: &str) -> Result<(Moment, Value), String> {
    let wrong = || format!("Unexpected format of ID ({id:?}), expected {form}");
    let parts: Vec<&str> = id.split(',').collect();
    let Some((base, numbers)) = parts.split_first().filter(|(_, rest)| rest.len() == names.len())
    else {
        return Err(wrong());
    };
    if base.is_empty() || numbers.iter().all(|number| number.is_empty()) {
        return Err(format!("{} where at least one value is non-empty", wrong()));
    }
    let base = Moment::parse(base)
        .ok_or_else(|| format!("The timestamp {base:?} could not be parsed as RFC3339."))?;
    let written = names.iter().zip(numbers).filter(|(_, number)| !number.is_empty());
    let value = written.into_iter().try_fold(value, |value, (name, number)| {
        let number: i64 = number.parse().map_err(|_| {
            format!("The {name} parameter {number:?} could not be parsed as Int64.")
        })?;
        Ok::<_, String>(value.with_field(name, Value::number(number)))
    })?;
    Ok((base, value))
}

const ROTATIONS: &[&str] =
    &["rotation_minutes", "rotation_hours", "rotation_days", "rotation_months", "rotation_years"];

fn rotating_schema() -> Schema {
    let mut schema = moment_schema([
        ("rfc3339", given_moment().replaces()),
        ("rotation_rfc3339", given_moment()),
    ]);
    schema.fields.extend(ROTATIONS.iter().map(|name| ((*name).to_string(), plain(Type::Number))));
    schema
}

fn rotating_checks(config: &Value) -> Vec<Problem> {
    let all: Vec<&str> = ROTATIONS.iter().chain(&["rotation_rfc3339"]).copied().collect();
    let mut problems: Vec<Problem> = some_of(config, &all).into_iter().collect();
    problems.extend(ROTATIONS.iter().filter_map(|name| at_least(config, name, 1)));
    problems.extend(moments(config, &["rfc3339", "rotation_rfc3339"]));
    problems
}

/// Where a rotation changes, all is worked out in the plan, from the same base.
fn rotating_plan(request: &PlanRequest<'_>) -> Planned {
    let after = anew(request, &rotating_schema(), &[]);
    let rotations = ROTATIONS.iter().filter(|name| changed(request, &[name]).is_some()).count();
    let written = request.config.field("rotation_rfc3339").is_some_and(|value| !value.is_null());
    let moves = rotations > 0 || (written && changed(request, &["rotation_rfc3339"]).is_some());
    let known = request.prior.filter(|_| moves).and_then(|prior| {
        let base = text(&after, "rfc3339").or_else(|| text(prior, "rfc3339"))?;
        rotating_value(&after, &Moment::parse(base)?).ok()
    });
    replaced(request, known.unwrap_or(after), &["rfc3339", "triggers"])
}

fn rotating_make(making: &Making<'_>) -> Result<Value, ApiError> {
    rotating_value(making.planned, &base(making, "rfc3339"))
}

/// Of several rotations the last one counts, in the order minutes after hours after days, then months, the
/// moment itself, years.
fn rotating_value(value: &Value, base: &Moment) -> Result<Value, ApiError> {
    let number =
        |name: &str| value.field(name).and_then(Value::as_i64).filter(|number| *number != 0);
    let later = |seconds: i64, unit: i64| {
        seconds.checked_mul(unit).and_then(|all| base.plus(SignedDuration::from_secs(all)))
    };
    let moment = if let Some(years) = number("rotation_years") {
        base.plus_date(years, 0, 0)
    } else if let Some(moment) = text(value, "rotation_rfc3339") {
        Moment::parse(moment)
    } else if let Some(months) = number("rotation_months") {
        base.plus_date(0, months, 0)
    } else if let Some(minutes) = number("rotation_minutes") {
        later(minutes, 60)
    } else if let Some(hours) = number("rotation_hours") {
        later(hours, 3600)
    } else {
        base.plus_date(0, 0, number("rotation_days").unwrap_or(0))
    };
    let moment = moment.ok_or_else(beyond)?;
    let text = |moment: &Moment| Value::string(moment.to_string());
    let value = fill(value, "rfc3339", || text(base));
    let value = fill(&value, "rotation_rfc3339", || text(&moment));
    with_parts(&value.with_field("id", text(base)), &moment)
}

/// When its hour has come an object is gone, so that a new one is planned.
fn rotating_read(value: &Value, world: &World) -> Result<Option<Value>, ApiError> {
    let rotation = text(value, "rotation_rfc3339").and_then(Moment::parse);
    let due = rotation.and_then(|moment| moment.timestamp());
    let passed = due.is_some_and(|due| world.clock.now() > due);
    Ok((!passed).then(|| value.clone()))
}

/// The id is `BASETIMESTAMP,YEARS,MONTHS,DAYS,HOURS,MINUTES` or `BASETIMESTAMP,ROTATIONTIMESTAMP`.
fn rotating_import(id: &str) -> Result<Value, String> {
    let empty = rotating_schema().empty();
    let (base, value) = match id.split(',').collect::<Vec<_>>().as_slice() {
        [base, rotation] => {
            let moment = |text: &str| {
                Moment::parse(text).ok_or_else(|| {
                    format!("The timestamp {text:?} could not be parsed as RFC3339.")
                })
            };
            let rotation = Value::string(moment(rotation)?.to_string());
            (moment(base)?, empty.with_field("rotation_rfc3339", rotation))
        }
        _ => {
            let names: Vec<&str> = ROTATIONS.iter().rev().copied().collect();
            let form =
                "BASETIMESTAMP,YEARS,MONTHS,DAYS,HOURS,MINUTES or BASETIMESTAMP,ROTATIONTIMESTAMP";
            let (base, value) = imported(id, &names, empty, form)?;
            (base, value.with_field("rotation_rfc3339", Value::unknown(Type::String)))
        }
    };
    let value = value.with_field("rfc3339", Value::string(base.to_string()));
    rotating_value(&value, &base).map_err(|error| error.detail)
}
