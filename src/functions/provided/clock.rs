//! The functions of the provider `time`: moments and durations taken apart.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use super::super::time::{DAYS, MONTHS, duration, rfc3339};
use super::super::{Call, CallError};
use crate::value::quote::quote;
use crate::value::{Number, Type, Value};

const NUMBERS: [&str; 10] = [
    "year", "year_day", "day", "month", "weekday", "hour", "minute", "second", "iso_year",
    "iso_week",
];

fn parts_type(more: (&'static str, Type)) -> Type {
    let numbers = NUMBERS.iter().map(|name| (*name, Type::Number));
    let texts = ["month_name", "weekday_name"].into_iter().map(|name| (name, Type::String));
    Type::object(numbers.chain(texts).chain([more]))
}

/// The type of what `rfc3339_parse` gives.
pub(super) fn moment_type() -> Type {
    parts_type(("unix", Type::Number))
}

/// The type of what `unix_timestamp_parse` gives.
pub(super) fn unix_type() -> Type {
    parts_type(("rfc3339", Type::String))
}

/// The type of what `duration_parse` gives.
pub(super) fn duration_type() -> Type {
    let names = ["hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"];
    Type::object(names.map(|name| (name, Type::Number)))
}

/// Takes a moment of a zone's clocks apart.
fn parts(shown: DateTime) -> Vec<(&'static str, Value)> {
    let (date, time): (Date, _) = (shown.date(), shown.time());
    let week = date.iso_week_date();
    let weekday = date.weekday().to_sunday_zero_offset();
    let name = |names: &[&str], place: i8| {
        let place = usize::try_from(place).unwrap_or(0);
        Value::string(names.get(place).copied().unwrap_or_default())
    };
    let numbers: [i64; 10] = [
        date.year().into(),
        date.day_of_year().into(),
        date.day().into(),
        date.month().into(),
        weekday.into(),
        time.hour().into(),
        time.minute().into(),
        time.second().into(),
        week.year().into(),
        week.week().into(),
    ];
    let numbers = NUMBERS.into_iter().zip(numbers.map(Value::number));
    let texts =
        [("month_name", name(&MONTHS, date.month() - 1)), ("weekday_name", name(&DAYS, weekday))];
    numbers.chain(texts).collect()
}

/// `rfc3339_parse`.
pub(super) fn moment(call: &Call<'_>) -> Result<Value, CallError> {
    let text = call.text(0);
    let wrong = || {
        let message = format!(
            "Error parsing RFC3339 timestamp: {text} is not a valid RFC3339 timestamp",
            text = quote(text)
        );
        CallError::at(0, message)
    };
    let (unix, offset) = rfc3339(text).ok_or_else(wrong)?;
    let at = Timestamp::from_second(unix).map_err(|_| wrong())?;
    let offset = i32::try_from(offset).ok().and_then(|offset| Offset::from_seconds(offset).ok());
    let shown = offset.ok_or_else(wrong)?.to_datetime(at);
    let mut fields = parts(shown);
    fields.push(("unix", Value::number(unix)));
    Ok(Value::object(fields))
}

/// `unix_timestamp_parse`.
pub(super) fn unix(call: &Call<'_>) -> Result<Value, CallError> {
    let seconds = call.integer(0).map_err(|error| CallError::at(0, error.message))?;
    let at = Timestamp::from_second(seconds)
        .map_err(|_| CallError::at(0, "the calendar does not reach that far"))?;
    let mut fields = parts(Offset::UTC.to_datetime(at));
    fields.push(("rfc3339", Value::string(at.to_string())));
    Ok(Value::object(fields))
}

/// `duration_parse`.
pub(super) fn lasting(call: &Call<'_>) -> Result<Value, CallError> {
    let text = call.text(0);
    let whole = duration(text).ok().and_then(|whole| i64::try_from(whole).ok());
    let whole = whole.ok_or_else(|| {
        let message = format!(
            "Error parsing duration string: {text} is not a valid duration string",
            text = quote(text)
        );
        CallError::at(0, message)
    })?;
    let of = |nanoseconds: i64| {
        // Whole units and the rest apart, so that little is lost.
        let rest = (whole % nanoseconds) as f64 / nanoseconds as f64;
        let float = (whole / nanoseconds) as f64 + rest;
        // Its shortest digits: so a number that was kept in a state is the same again.
        Number::parse(&float.to_string()).map_or_else(|| Value::number(0_i64), Value::number)
    };
    Ok(Value::object([
        ("hours", of(3_600_000_000_000)),
        ("minutes", of(60_000_000_000)),
        ("seconds", of(1_000_000_000)),
        ("milliseconds", Value::number(whole / 1_000_000)),
        ("microseconds", Value::number(whole / 1_000)),
        ("nanoseconds", Value::number(whole)),
    ]))
}
