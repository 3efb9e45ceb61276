//! Functions between values and text, and between text and bytes.

mod csv;
mod charset;
mod gzip;
mod east_asian;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Call, CallError, Function, Spec, any, function, inferred, string};
use crate::value::json::{from_json_text, to_json_text};
use crate::value::quote::quote;
use crate::value::{Bounds, Kind, Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("base64decode", &[string("str")], Spec::String, base64_decode),
    function("base64encode", &[string("str")], Spec::String, |call| {
        Ok(Value::string(STANDARD.encode(call.text(0))))
    }),
    function("base64gzip", &[string("str")], Spec::String, |call| {
        Ok(Value::string(STANDARD.encode(gzip::gzip(call.text(0).as_bytes()))))
    }),
    inferred("csvdecode", &[string("str")], |_| Ok(Type::Any), |call| csv::decode(call.text(0))),
    inferred(
        "jsondecode",
        &[string("str")],
        |_| Ok(Type::Any),
        |call| from_json_text(call.text(0)).map_err(|error| CallError::new(error.0)),
    )
    .maybe_null(),
    function("jsonencode", &[any("val").null().unknown()], Spec::String, json_encode),
    function(
        "textdecodebase64",
        &[string("source"), string("encoding")],
        Spec::String,
        charset::decode,
    ),
    function(
        "textencodebase64",
        &[string("string"), string("encoding")],
        Spec::String,
        charset::encode,
    ),
    function("urlencode", &[string("str")], Spec::String, |call| {
        Ok(Value::string(url_encode(call.text(0))))
    }),
];

fn base64_decode(call: &Call<'_>) -> Result<Value, CallError> {
    let text = call.text(0);
    let bytes = decode_base64(text)
        .map_err(|_| CallError::new(format!("failed to decode base64 data {}", quote(text))))?;
    String::from_utf8(bytes).map(Value::string).map_err(|_| {
        CallError::new("the result of decoding the provided string is not valid UTF-8")
    })
}

/// Decodes base 64, or says at which byte it stops to be that. The ends of lines count for nothing,
/// nor do the last bits where a group is not full.
pub(super) fn decode_base64(text: &str) -> Result<Vec<u8>, usize> {
    let text = text.as_bytes();
    let mut at = 0;
    // Gives the place and the byte of the next sign.
    let mut next = || {
        let rest = text.get(at..).unwrap_or_default();
        let place = at + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        at = place + 1;
        text.get(place).map(|byte| (place, *byte))
    };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    loop {
        let (mut group, mut count) = (0u32, 0);
        while count < 4 {
            match next() {
                None if count == 0 => return Ok(bytes),
                // The place is told without the ends of lines between the signs.
                None => return Err(text.len() - count),
                Some((place, sign)) => match sextet(sign) {
                    Some(bits) => group = group << 6 | bits,
                    None if sign != b'=' || count < 2 => return Err(place),
                    None => {
                        if count == 2 {
                            match next() {
                                None => return Err(text.len()),
                                Some((_, b'=')) => {}
                                Some((place, _)) => return Err(place - 1),
                            }
                        }
                        if let Some((place, _)) = next() {
                            return Err(place);
                        }
                        let whole = (group << (6 * (4 - count))).to_be_bytes();
                        bytes.extend_from_slice(&whole[1..count]);
                        return Ok(bytes);
                    }
                },
            }
            count += 1;
        }
        bytes.extend_from_slice(&group.to_be_bytes()[1..]);
    }
}

fn sextet(sign: u8) -> Option<u32> {
    let place = match sign {
        b'A'..=b'Z' => sign - b'A',
        b'a'..=b'z' => sign - b'a' + 26,
        b'0'..=b'9' => sign - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(place.into())
}

/// What is not known yet leaves at least the first character known.
fn json_encode(call: &Call<'_>) -> Result<Value, CallError> {
    let value = &call.arguments[0];
    if has_infinity(value) {
        return Err(CallError::new("cannot serialize infinity as JSON"));
    }
    if value.is_whole() {
        return Ok(Value::string(to_json_text(value)));
    }
    let not_null = match value.kind() {
        Kind::Unknown(_, bounds) => bounds.not_null,
        _ => true,
    };
    let prefix = match value.ty() {
        Type::String => Some("\""),
        Type::List(_) | Type::Set(_) | Type::Tuple(_) => Some("["),
        Type::Map(_) | Type::Object(_) => Some("{"),
        Type::Any | Type::Bool | Type::Number => None,
    };
    let prefix = prefix.filter(|_| not_null).map(Into::into);
    let bounds = Bounds { not_null: true, prefix, ..Bounds::default() };
    Ok(Value::new(Kind::unknown(Type::String, bounds)))
}

fn has_infinity(value: &Value) -> bool {
    value.as_number().is_some_and(crate::value::Number::is_infinite)
        || value.parts().any(has_infinity)
}

/// Escapes all but letters, digits and `-_.~`; a space becomes `+`.
fn url_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}
