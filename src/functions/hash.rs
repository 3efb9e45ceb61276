//! Digests, passwords and identifiers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use uuid::Uuid;

use super::{Call, CallError, Function, Spec, function, integer, number, string};
use crate::value::Value;

mod rsa;

pub(super) const FUNCTIONS: &[Function] = &[
    function("base64sha256", &[string("str")], Spec::String, |call| {
        Ok(Value::string(base64_of::<Sha256>(call.text(0).as_bytes())))
    }),
    function("base64sha512", &[string("str")], Spec::String, |call| {
        Ok(Value::string(base64_of::<Sha512>(call.text(0).as_bytes())))
    }),
    function("bcrypt", &[string("str")], Spec::String, bcrypt).variadic(number("cost")),
    function("md5", &[string("str")], Spec::String, |call| {
        Ok(Value::string(hex_of::<Md5>(call.text(0).as_bytes())))
    }),
    function("rsadecrypt", &[string("ciphertext"), string("privatekey")], Spec::String, |call| {
        rsa::decrypt(call.text(0), call.text(1)).map(Value::string)
    }),
    function("sha1", &[string("str")], Spec::String, |call| {
        Ok(Value::string(hex_of::<Sha1>(call.text(0).as_bytes())))
    }),
    function("sha256", &[string("str")], Spec::String, |call| {
        Ok(Value::string(hex_of::<Sha256>(call.text(0).as_bytes())))
    }),
    function("sha512", &[string("str")], Spec::String, |call| {
        Ok(Value::string(hex_of::<Sha512>(call.text(0).as_bytes())))
    }),
    function("uuid", &[], Spec::String, |call| {
        if !call.environment.applying {
            return call.unknown();
        }
        let mut bytes = [0; 16];
        (call.environment.random)(&mut bytes);
        Ok(Value::string(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()))
    }),
    function("uuidv5", &[string("namespace"), string("name")], Spec::String, uuid_v5),
];

/// Gives a digest in small hexadecimal letters.
pub(super) fn hex_of<D: Digest>(bytes: &[u8]) -> String {
    hex::encode(D::digest(bytes))
}

/// Gives a digest in base 64.
pub(super) fn base64_of<D: Digest>(bytes: &[u8]) -> String {
    STANDARD.encode(D::digest(bytes))
}

fn bcrypt(call: &Call<'_>) -> Result<Value, CallError> {
    if !call.environment.applying {
        return call.unknown();
    }
    let cost = match call.arguments {
        [_] => 10,
        [_, cost] => integer(cost).map_err(|message| CallError::at(1, message))?,
        _ => return Err(CallError::new("bcrypt() takes no more than two arguments")),
    };
    // Below the least cost the usual one is taken.
    let cost = if cost < 4 { 10 } else { cost };
    let cost = u32::try_from(cost).ok().filter(|cost| *cost <= 31).ok_or_else(|| {
        CallError::new(format!(
            "error occurred generating password crypto/bcrypt: cost {cost} is outside allowed inclusive range 4..31"
        ))
    })?;
    let text = call.text(0);
    if text.len() > 72 {
        return Err(CallError::new(
            "error occurred generating password bcrypt: password length exceeds 72 bytes",
        ));
    }
    let mut salt = [0; 16];
    (call.environment.random)(&mut salt);
    let parts = bcrypt::hash_with_salt(text, cost, salt);
    let parts = parts
        .map_err(|error| CallError::new(format!("error occurred generating password {error}")))?;
    Ok(Value::string(parts.format_for_version(bcrypt::Version::TwoA)))
}

fn uuid_v5(call: &Call<'_>) -> Result<Value, CallError> {
    let namespace = match call.text(0) {
        "dns" => Uuid::NAMESPACE_DNS,
        "url" => Uuid::NAMESPACE_URL,
        "oid" => Uuid::NAMESPACE_OID,
        "x500" => Uuid::NAMESPACE_X500,
        text => Uuid::try_parse(text).map_err(|_| {
            let why = match text.len() {
                32 | 36 | 38 | 45 => "invalid UUID format".into(),
                length => format!("invalid UUID length: {length}"),
            };
            CallError::new(format!("uuidv5() doesn't support namespace {text} ({why})"))
        })?,
    };
    Ok(Value::string(Uuid::new_v5(&namespace, call.text(1).as_bytes()).to_string()))
}
