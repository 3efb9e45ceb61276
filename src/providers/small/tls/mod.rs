//! The provider `tls`: keys, requests, certificates, and what can be read of them.

mod certificate;
mod data;
mod der;
mod fetch;
mod key;
mod ssh;
pub mod summary;
mod x509;

use sha1::{Digest, Sha1};

use self::key::{CURVES, Curve, Key};
use super::check::one_of;
use super::{
    DataRow, Making, Row, anew, computed, defaulted, fill, invalid, made, random_bytes, replaced,
    required, text,
};
use crate::providers::{ApiError, PlanRequest, Planned, Problem};
use crate::schema::{BlockKind, Field, Given, Schema};
use crate::value::{Type, Value};

pub(super) use self::data::DATA;

pub(super) const ROWS: &[Row] = &[
    Row {
        long: true,
        validate: checks,
        upgrade,
        ..Row::new("tls_private_key", schema, plan, make)
    },
    certificate::REQUEST,
    certificate::SELF_SIGNED,
    certificate::LOCALLY_SIGNED,
];

pub(super) const EPHEMERAL: &[DataRow] = &[
    DataRow {
        type_name: "tls_private_key",
        schema,
        validate: checks,
        read: |config, world| {
            Box::pin(async move {
                let schema = schema();
                let open = schema.fields.iter().filter(|(name, _)| super::is_null(config, name));
                let planned = open.fold(config.clone(), |value, (name, field)| {
                    let default = field.default.clone();
                    value.with_field(
                        name,
                        default.unwrap_or_else(|| Value::unknown(field.ty.clone())),
                    )
                });
                make(&Making { planned: &planned, prior: None, world })
            })
        },
    },
    data::PUBLIC_KEY,
];

const ALGORITHMS: &[&str] = &["RSA", "ECDSA", "ED25519"];

/// Gives the schema of the provider's own block.
pub(super) fn provider_schema() -> Schema {
    let plain = |ty| Field::attribute(ty, Given::Optional);
    let fields = [
        ("url", plain(Type::String)),
        ("username", plain(Type::String)),
        ("password", plain(Type::String).sensitive()),
        ("from_env", plain(Type::Bool)),
    ];
    let fields = fields.map(|(name, field)| (name.to_string(), field)).into();
    made(0, [("proxy", Field::block(BlockKind::List, 0, None, fields))])
}

fn schema() -> Schema {
    let mut schema = made(
        1,
        [
            ("algorithm", required(Type::String)),
            ("rsa_bits", defaulted(Type::Number, Value::number(2048_i64))),
            ("ecdsa_curve", defaulted(Type::String, Value::string("P224"))),
            ("private_key_pem", computed(Type::String).sensitive()),
            ("private_key_openssh", computed(Type::String).sensitive()),
            ("private_key_pem_pkcs8", computed(Type::String).sensitive()),
        ],
    );
    schema.fields.extend(public_fields());
    schema
}

/// Gives the attributes of a public key, which `tls_public_key` has too.
fn public_fields() -> impl Iterator<Item = (String, Field)> {
    let names = [
        "id",
        "public_key_pem",
        "public_key_openssh",
        "public_key_fingerprint_md5",
        "public_key_fingerprint_sha256",
    ];
    names.into_iter().map(|name| (name.to_string(), computed(Type::String)))
}

fn checks(config: &Value) -> Vec<Problem> {
    let curves = CURVES.map(|(name, _)| name);
    let algorithm = one_of(config, "algorithm", ALGORITHMS);
    algorithm.into_iter().chain(one_of(config, "ecdsa_curve", &curves)).collect()
}

fn plan(request: &PlanRequest<'_>) -> Planned {
    replaced(request, anew(request, &schema(), &[]), &["algorithm", "rsa_bits", "ecdsa_curve"])
}

fn make(making: &Making<'_>) -> Result<Value, ApiError> {
    let planned = making.planned;
    let curve = text(planned, "ecdsa_curve").unwrap_or("P224");
    let curve =
        CURVES.iter().find(|(name, _)| *name == curve).map_or(Curve::P224, |(_, curve)| *curve);
    let key = match text(planned, "algorithm").unwrap_or_default() {
        "RSA" => Key::rsa(planned.field("rsa_bits").and_then(Value::as_i64).unwrap_or(2048)),
        "ECDSA" => Key::ec(curve),
        _ => Key::ed25519(),
    };
    let key = key.map_err(|why| invalid("Unable to generate Key from configuration", why))?;
    let texts = private_texts(&key)?.into_iter().chain(public_texts(&key));
    Ok(texts
        .fold(planned.clone(), |value, (name, text)| fill(&value, name, || Value::string(text))))
}

fn private_texts(key: &Key) -> Result<[(&'static str, String); 3], ApiError> {
    let mut check = [0; 4];
    check.copy_from_slice(&random_bytes(4)?);
    Ok([
        ("private_key_pem", key.pem()),
        ("private_key_openssh", ssh::private(key, check)),
        ("private_key_pem_pkcs8", key.pkcs8()),
    ])
}

/// Gives the attributes of a key's public half.
fn public_texts(key: &Key) -> [(&'static str, String); 5] {
    let public = key.public();
    let ssh = ssh::public(key);
    [
        ("id", hash(&public)),
        ("public_key_pem", der::pem("PUBLIC KEY", &public)),
        ("public_key_openssh", ssh.line),
        ("public_key_fingerprint_md5", ssh.md5),
        ("public_key_fingerprint_sha256", ssh.sha256),
    ]
}

/// Gives the hash that serves as an id. White space at the end does not count, for bytes neither.
fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha1::digest(bytes.trim_ascii()))
}

/// Version 0 has only the PEM of the key.
fn upgrade(_version: u64, mut attributes: serde_json::Value) -> Result<serde_json::Value, String> {
    let Some(pem) = attributes["private_key_pem"].as_str() else { return Ok(attributes) };
    let key = Key::read(pem)?;
    let kept = attributes["private_key_openssh"].as_str().is_some_and(|text| !text.is_empty());
    let private = private_texts(&key).map_err(|error| error.detail)?;
    let private = private.into_iter().filter(|(name, _)| match *name {
        "private_key_openssh" => !kept,
        name => name == "private_key_pem_pkcs8",
    });
    for (name, text) in private.collect::<Vec<_>>().into_iter().chain(public_texts(&key)) {
        attributes[name] = text.into();
    }
    Ok(attributes)
}
