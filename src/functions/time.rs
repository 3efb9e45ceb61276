//! Moments and spans of time, as text in the form of RFC 3339.

mod moment;

pub(super) use self::moment::duration;

use self::moment::Moment;
use super::{Call, CallError, Function, Spec, function, string};
use crate::value::Value;
use crate::value::quote::quote;

pub(super) const FUNCTIONS: &[Function] = &[
    function("formatdate", &[string("format"), string("time")], Spec::String, format_date),
    function("plantimestamp", &[], Spec::String, |call| now(call, true)),
    function("timeadd", &[string("timestamp"), string("duration")], Spec::String, time_add),
    function(
        "timecmp",
        &[string("timestamp_a"), string("timestamp_b")],
        Spec::Number,
        time_compare,
    ),
    function("timestamp", &[], Spec::String, |call| now(call, call.environment.applying)),
];

fn now(call: &Call<'_>, known: bool) -> Result<Value, CallError> {
    match call.environment.now {
        Some(now) if known => {
            let text = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            Ok(Value::string(text))
        }
        _ => call.unknown(),
    }
}

fn time_add(call: &Call<'_>) -> Result<Value, CallError> {
    let moment = Moment::parse(call.text(0)).map_err(CallError::new)?;
    let span = duration(call.text(1)).map_err(CallError::new)?;
    Ok(Value::string(moment.plus(span).to_string()))
}

fn time_compare(call: &Call<'_>) -> Result<Value, CallError> {
    let left = Moment::parse(call.text(0)).map_err(|message| CallError::at(0, message))?;
    let right = Moment::parse(call.text(1)).map_err(|message| CallError::at(1, message))?;
    Ok(Value::number(i64::from(left.instant().cmp(&right.instant()) as i8)))
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

fn format_date(call: &Call<'_>) -> Result<Value, CallError> {
    let moment = Moment::parse(call.text(1)).map_err(|message| CallError::at(1, message))?;
    let mut out = String::new();
    let mut rest = call.text(0);
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let Some((literal, after)) = literal(rest) else {
                return Err(CallError::at(0, "unterminated literal '"));
            };
            out.push_str(&literal);
            rest = after;
        } else if first.is_ascii_alphabetic() {
            let length = rest.bytes().take_while(|byte| *byte == first as u8).count();
            let (verb, after) = rest.split_at(length);
            out.push_str(&piece(verb, &moment).map_err(|message| CallError::at(0, message))?);
            rest = after;
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    Ok(Value::string(out))
}

/// Takes a text in quotes; two quotes in it stand for one.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut literal = String::new();
    let mut rest = &text[1..];
    loop {
        let end = rest.find('\'')?;
        literal.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(after) => {
                literal.push('\'');
                rest = after;
            }
            // Two quotes alone are one quote, not an empty literal.
            None if literal.is_empty() => return Some(("'".into(), rest)),
            None => return Some((literal, rest)),
        }
    }
}

fn piece(verb: &str, moment: &Moment) -> Result<String, String> {
    let hour12 = if moment.hour.is_multiple_of(12) { 12 } else { moment.hour % 12 };
    let month = MONTHS[usize::from(moment.month.clamp(1, 12) - 1)];
    let day = DAYS[moment.weekday()];
    let half = if moment.hour < 12 { "am" } else { "pm" };
    let zone = |colon: &str| {
        let sign = if moment.offset < 0 { '-' } else { '+' };
        let minutes = moment.offset.unsigned_abs() / 60;
        format!("{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60)
    };
    Ok(match verb {
        "YYYY" => format!("{:04}", moment.year),
        "YY" => format!("{:02}", moment.year.rem_euclid(100)),
        "M" => moment.month.to_string(),
        "MM" => format!("{:02}", moment.month),
        "MMM" => month[..3].into(),
        "MMMM" => month.into(),
        "D" => moment.day.to_string(),
        "DD" => format!("{:02}", moment.day),
        "EEE" => day[..3].into(),
        "EEEE" => day.into(),
        "h" => moment.hour.to_string(),
        "hh" => format!("{:02}", moment.hour),
        "H" => hour12.to_string(),
        "HH" => format!("{hour12:02}"),
        "aa" => half.into(),
        "AA" => half.to_uppercase(),
        "m" => moment.minute.to_string(),
        "mm" => format!("{:02}", moment.minute),
        "s" => moment.second.to_string(),
        "ss" => format!("{:02}", moment.second),
        "Z" if moment.offset == 0 => "Z".into(),
        "ZZZ" if moment.offset == 0 => "UTC".into(),
        "ZZZ" | "ZZZZ" => zone(""),
        "Z" | "ZZZZZ" => zone(":"),
        _ => {
            let allowed = match verb.as_bytes()[0] {
                b'Y' => "year must either be \"YY\" or \"YYYY\"",
                b'M' => "month must be \"M\", \"MM\", \"MMM\", or \"MMMM\"",
                b'D' => "day of month must either be \"D\" or \"DD\"",
                b'E' => "day of week must either be \"EEE\" or \"EEEE\"",
                b'h' => "24-hour must either be \"h\" or \"hh\"",
                b'H' => "12-hour must either be \"H\" or \"HH\"",
                b'a' => "must be \"aa\"",
                b'A' => "must be \"AA\"",
                b'm' => "minute must either be \"m\" or \"mm\"",
                b's' => "second must either be \"s\" or \"ss\"",
                b'Z' => "timezone must be Z, ZZZZ, or ZZZZZ",
                _ => {
                    return Err(format!("invalid date format verb {verb}", verb = quote(verb)));
                }
            };
            return Err(format!("invalid date format verb {verb}: {allowed}", verb = quote(verb)));
        }
    })
}

/// Reads a moment: the seconds since 1970, and the offset of its zone in seconds.
pub(super) fn rfc3339(text: &str) -> Option<(i64, i64)> {
    let moment = Moment::parse(text).ok()?;
    let seconds = moment.instant().div_euclid(1_000_000_000);
    Some((i64::try_from(seconds).ok()?, moment.offset))
}
