//! Functions between values and text, and between text and bytes.

mod csv;
mod charset;
mod gzip;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use super::{Call, CallError, Function, Spec, any, function, inferred, string};
use crate::value::json::{from_json_text, to_json_text};
use crate::value::{Bounds, Kind, Type, Value};

/// Trailing bits that say nothing are not looked at.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

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
    let bytes = LENIENT
        .decode(text.replace(['\r', '\n'], ""))
        .map_err(|_| CallError::new(format!("failed to decode base64 data {text:?}")))?;
    String::from_utf8(bytes).map(Value::string).map_err(|_| {
        CallError::new("the result of decoding the provided string is not valid UTF-8")
    })
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
