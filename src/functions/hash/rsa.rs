//! `rsadecrypt`: RSA with PKCS #1 v1.5 padding, and the little of DER that a private key needs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dashu_int::UBig;
use dashu_int::fast_div::ConstDivisor;

use super::super::CallError;
use crate::value::quote::quote;

/// Decrypts a text in base 64 with a private key in PEM.
pub(super) fn decrypt(cipher: &str, key: &str) -> Result<String, CallError> {
    let cipher = STANDARD.decode(cipher.replace(['\r', '\n'], "")).map_err(|_| {
        let message = format!(
            "failed to decode input {cipher}: cipher text must be base64-encoded",
            cipher = quote(cipher)
        );
        CallError::at(0, message)
    })?;
    let key =
        read_key(key).ok_or_else(|| CallError::at(1, "invalid private key: ssh: no key found"))?;
    let failed = || CallError::at(0, "failed to decrypt: crypto/rsa: decryption error");
    let message = UBig::from_be_bytes(&cipher);
    if message >= key.modulus {
        return Err(failed());
    }
    let ring = ConstDivisor::new(key.modulus.clone());
    let plain = ring.reduce(message).pow(&key.exponent).residue().to_be_bytes();
    // After the leading zero, which the number has lost: 2, at least eight bytes that are not zero, zero.
    let padding = plain.iter().position(|byte| *byte == 0).filter(|place| *place >= 9);
    let text = match (plain.first(), padding) {
        (Some(2), Some(place)) => plain[place + 1..].to_vec(),
        _ => return Err(failed()),
    };
    String::from_utf8(text).map_err(|_| {
        CallError::at(0, "the result of decrypting the provided string is not valid UTF-8")
    })
}

struct Key {
    modulus: UBig,
    exponent: UBig,
}

fn read_key(pem: &str) -> Option<Key> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let der = STANDARD.decode(body.split_whitespace().collect::<String>()).ok()?;
    match label {
        "RSA PRIVATE KEY" => read_pkcs1(&der),
        "PRIVATE KEY" => {
            let (mut fields, _) = element(&der, 0x30)?;
            for tag in [0x02, 0x30] {
                fields = element(fields, tag)?.1;
            }
            read_pkcs1(element(fields, 0x04)?.0)
        }
        _ => None,
    }
}

/// Reads version, modulus, public exponent, private exponent.
fn read_pkcs1(der: &[u8]) -> Option<Key> {
    let (fields, _) = element(der, 0x30)?;
    let (_, fields) = element(fields, 0x02)?;
    let (modulus, fields) = element(fields, 0x02)?;
    let (_, fields) = element(fields, 0x02)?;
    let (exponent, _) = element(fields, 0x02)?;
    let modulus = UBig::from_be_bytes(modulus);
    let sound = modulus > UBig::from(3u8);
    sound.then(|| Key { modulus, exponent: UBig::from_be_bytes(exponent) })
}

/// Takes one element of a tag: its content and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        let count = usize::from(first & 0x7f);
        if count > 4 || rest.len() < count {
            return None;
        }
        let (bytes, after) = rest.split_at(count);
        length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        rest = after;
    }
    (found == tag && rest.len() >= length).then(|| rest.split_at(length))
}
