//! What a text of PEM has in it, for people: of certificates who they are for and how long, of keys no more than their
//! kind and a sum, by which one can tell them apart.

use sha2::{Digest, Sha256};

use super::x509::{Certificate, read_certificate, shown};
use super::{der, key};
use crate::value::Value;

/// Gives the blocks of a text that is PEM and nothing else but remarks.
pub fn blocks(text: &str) -> Option<Vec<Value>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("-----BEGIN ") {
        rest = &rest[start..];
        let (label, bytes) = der::unpem(rest)?;
        found.push(block(&label, &bytes));
        let end = format!("-----END {label}-----");
        rest = &rest[rest.find(&end)? + end.len()..];
    }
    (!found.is_empty()).then_some(found)
}

fn block(label: &str, bytes: &[u8]) -> Value {
    let mut fields = vec![("type", Value::string(label))];
    if let Some(certificate) = read_certificate(bytes).filter(|_| label == "CERTIFICATE") {
        fields.extend(of_certificate(&certificate));
    }
    fields.push(("sha256", Value::string(hex::encode(Sha256::digest(bytes)))));
    Value::object(fields)
}

fn of_certificate(certificate: &Certificate) -> Vec<(&'static str, Value)> {
    let texts = |texts: &[String]| texts.iter().map(Value::string).collect();
    let key = key::key_id(&certificate.public).map(hex::encode).unwrap_or_default();
    vec![
        ("subject", Value::string(shown(&certificate.subject))),
        ("issuer", Value::string(shown(&certificate.issuer))),
        ("not_before", Value::string(certificate.from.to_string())),
        ("not_after", Value::string(certificate.until.to_string())),
        ("names", Value::tuple(texts(&certificate.names))),
        ("serial_number", Value::string(hex::encode(&certificate.serial))),
        ("key_id", Value::string(key)),
    ]
}
