//! What a scalar of YAML means: null, a truth, a number, a moment or text.

use std::borrow::Cow;

use serde_saphyr::granit_parser::ScalarStyle;

use crate::value::quote::quote;
use crate::value::{Number, Type, Value};

/// The tags that are known, without `tag:yaml.org,2002:`.
const TAGS: &[&str] = &["str", "binary", "null", "bool", "int", "float", "timestamp"];

/// Gives a scalar's value, or says why it has none; without a tag where none is written. `dates` says
/// whether what looks like a date is brought to the form of RFC 3339.
pub(super) fn scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&str>,
    dates: bool,
) -> Result<Value, String> {
    if let Some(tag) = tag.filter(|tag| !TAGS.contains(tag)) {
        return Err(format!("unsupported tag \"tag:yaml.org,2002:{tag}\""));
    }
    let cannot = |tag: &str| format!("cannot parse {} as tag:yaml.org,2002:{tag}", quote(text));
    match (tag, style) {
        (Some("str"), _) => return Ok(Value::string(text)),
        (Some("binary"), _) => {
            let read = super::super::encoding::decode_base64(text);
            let read = read.map_err(|_| format!("{}: not valid base64", cannot("binary")))?;
            drop(read);
            return Ok(Value::string(text));
        }
        // A block without a line is no text at all.
        (None, ScalarStyle::Literal | ScalarStyle::Folded) if text.is_empty() => {
            return Ok(Value::null(Type::String));
        }
        (None, style) if style != ScalarStyle::Plain => return Ok(Value::string(text)),
        _ => {}
    }
    // What may be more than text is told from its first character.
    let first = text.chars().next();
    let special = first.is_none_or(|first| "+-.~".contains(first) || first.is_ascii_digit())
        || first.is_some_and(|first| "yYnNtTfFoO".contains(first));
    if special {
        if style != ScalarStyle::Plain {
            return Ok(Value::string(text));
        }
        if let Some(value) = word(text) {
            return Ok(value);
        }
        if matches!(text, ".nan" | ".NaN" | ".NAN") && tag.is_none() {
            return Err("floating point NaN is not supported".into());
        }
        let moment = matches!(tag, None | Some("timestamp")) && dates;
        if let Some(moment) = timestamp(text).filter(|_| moment) {
            return Ok(Value::string(moment));
        }
        match number(text, matches!(tag, Some("int" | "float"))) {
            Some(Ok(number)) => return Ok(Value::number(number)),
            Some(Err(())) => return Err(cannot("int")),
            None => {}
        }
    }
    match tag {
        Some("null") => Ok(Value::null(Type::Any)),
        Some(tag) => Err(cannot(tag)),
        None => Ok(Value::string(text)),
    }
}

/// The words that are no text.
fn word(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::null(Type::Any),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::bool(false)
        }
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            Value::number(Number::infinity(false))
        }
        "-.inf" | "-.Inf" | "-.INF" => Value::number(Number::infinity(true)),
        _ => return None,
    })
}

/// Gives a number; nothing if it is none, and an error if it has a base and more than 64 bits. A tag
/// for numbers allows more: `_` between digits, a sign before a base, and base 2.
fn number(text: &str, tagged: bool) -> Option<Result<Number, ()>> {
    for (prefix, base) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|digit| digit.is_digit(base))
        {
            let number = u64::from_str_radix(digits, base);
            return Some(number.map(|_| Number::parse_radix(digits, base)).map_err(drop)).and_then(
                |number| match number {
                    Ok(number) => number.map(Ok),
                    Err(()) => Some(Err(())),
                },
            );
        }
    }
    let plain: Cow<'_, str> = if tagged { text.replace('_', "").into() } else { text.into() };
    if let Some(number) = Number::parse(&plain) {
        return Some(Ok(number));
    }
    if !tagged {
        return None;
    }
    let (negative, digits) = match plain.strip_prefix(['-', '+']) {
        Some(digits) => (plain.starts_with('-'), digits),
        None => (false, &*plain),
    };
    let lower = digits.to_ascii_lowercase();
    let bases = [("0x", 16), ("0o", 8), ("0b", 2)];
    let (digits, base) = bases
        .iter()
        .find_map(|(prefix, base)| lower.strip_prefix(prefix).map(|digits| (digits, *base)))?;
    let number = u64::from_str_radix(digits, base).ok().filter(|_| !digits.starts_with('+'))?;
    let least = if negative { 1 << 63 } else { u64::MAX };
    let sign = if negative { "-" } else { "" };
    let number = Some(number).filter(|number| *number <= least)?;
    Number::parse(&format!("{sign}{number}")).map(Ok)
}

fn is_date(year: u32, month: u32, day: u32) -> bool {
    let part = |number: u32| i8::try_from(number).ok();
    let date = i16::try_from(year).ok().zip(part(month)).zip(part(day));
    date.is_some_and(|((year, month), day)| jiff::civil::Date::new(year, month, day).is_ok())
}

/// Gives a date or a moment in the form of RFC 3339.
fn timestamp(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(place) => (&text[..place], Some(text[place + 1..].trim_start())),
        None => (text, None),
    };
    let number = |part: &str, longest: usize| -> Option<u32> {
        let fits =
            (1..=longest).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| part.parse().ok()).flatten()
    };
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2).filter(|month| (1..=12).contains(month))?;
    let day = number(parts.next()?, 2)?;
    if parts.next().is_some() || !is_date(year, month, day) {
        return None;
    }
    let Some(time) = time else {
        return Some(format!("{year:04}-{month:02}-{day:02}T00:00:00Z"));
    };
    let zone_at = time.find(['Z', '+', '-']);
    let (clock, zone) = zone_at.map_or((time, "Z"), |place| time.split_at(place));
    let (clock, fraction) = clock.trim_end().split_once('.').unwrap_or((clock.trim_end(), ""));
    let mut clock = clock.split(':');
    let hour = number(clock.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = number(clock.next()?, 2).filter(|minute| *minute < 60)?;
    let second = number(clock.next()?, 2).filter(|second| *second < 60)?;
    if clock.next().is_some() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let zone = if zone == "+00:00" || zone == "-00:00" { "Z" } else { zone };
    if zone != "Z" && (zone.len() != 6 || zone.as_bytes()[3] != b':') {
        return None;
    }
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}"))
}
