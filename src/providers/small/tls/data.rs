//! The data sources `tls_public_key` and `tls_certificate`.

use sha1::{Digest, Sha1};

use super::key::Key;
use super::x509::{Certificate, read_certificate, shown};
use super::{der, fetch, hash, public_fields, public_texts, ssh};
use crate::providers::small::check::{conflict, exactly_one_of, problem};
use crate::providers::small::moment::Moment;
use crate::providers::small::{DataRow, computed, invalid, made, text};
use crate::providers::{ApiError, Problem};
use crate::schema::{Field, Given, Schema};
use crate::value::{Type, Value};

pub(in crate::providers::small) const DATA: &[DataRow] = &[
    PUBLIC_KEY,
    DataRow {
        type_name: "tls_certificate",
        schema: certificate_schema,
        validate: certificate_checks,
        read: |config, _| Box::pin(certificate(config)),
    },
];

pub(super) const PUBLIC_KEY: DataRow = DataRow {
    type_name: "tls_public_key",
    schema: public_key_schema,
    validate: |config| two(config, "private_key_pem", "private_key_openssh"),
    read: |config, _| Box::pin(async move { public_key(config) }),
};

/// Checks that one of two arguments is written; here both are named in what is said.
fn two(config: &Value, first: &str, second: &str) -> Vec<Problem> {
    let both = format!("[{first},{second}]");
    let mut problems = exactly_one_of(config, &[first, second]);
    for problem in &mut problems {
        for one in [first, second] {
            problem.detail = problem.detail.replace(&format!("[{one}]"), &both);
        }
    }
    problems
}

fn plain(ty: Type) -> Field {
    Field::attribute(ty, Given::Optional)
}

fn public_key_schema() -> Schema {
    let mut schema = made(
        0,
        [
            ("private_key_pem", plain(Type::String).sensitive()),
            ("private_key_openssh", plain(Type::String).sensitive()),
            ("algorithm", computed(Type::String)),
        ],
    );
    schema.fields.extend(public_fields());
    schema
}

fn public_key(config: &Value) -> Result<Value, ApiError> {
    let key = match text(config, "private_key_pem") {
        Some(pem) => Key::read(pem),
        None => ssh::read(text(config, "private_key_openssh").unwrap_or_default()),
    };
    let key = key.map_err(|why| invalid("Unable to parse private key", why))?;
    let value = config.with_field("algorithm", Value::string(key.algorithm()));
    let texts = public_texts(&key).into_iter();
    Ok(texts.fold(value, |value, (name, text)| value.with_field(name, Value::string(text))))
}

fn certificate_type() -> Type {
    let texts = [
        "signature_algorithm",
        "public_key_algorithm",
        "serial_number",
        "issuer",
        "subject",
        "not_before",
        "not_after",
        "sha1_fingerprint",
        "cert_pem",
    ];
    let fields = texts.into_iter().map(|name| (name, Type::String));
    let others =
        [("is_ca", Type::Bool), ("max_path_length", Type::Number), ("version", Type::Number)];
    Type::object(fields.chain(others))
}

fn certificate_schema() -> Schema {
    made(
        0,
        [
            ("url", plain(Type::String)),
            ("content", plain(Type::String)),
            ("verify_chain", plain(Type::Bool)),
            ("id", computed(Type::String)),
            ("certificates", computed(Type::list(certificate_type()))),
        ],
    )
}

fn certificate_checks(config: &Value) -> Vec<Problem> {
    let mut problems = two(config, "content", "url");
    problems.extend(conflict(config, "verify_chain", "content"));
    if let Some(url) = config.field("url").and_then(Value::as_str)
        && let Some(why) = bad_url(url)
    {
        problems.push(problem("url", "Invalid URL scheme", why));
    }
    problems
}

fn bad_url(text: &str) -> Option<String> {
    let url = match url::Url::parse(text) {
        Ok(url) => url,
        Err(error) => return Some(format!("Expected a URL, got {text:?}: {error}")),
    };
    let known = ["https", "tls"].contains(&url.scheme());
    (!known).then(|| {
        format!("Expecting URL to have one of the following schemes: [https tls], got: {text}")
    })
}

async fn certificate(config: &Value) -> Result<Value, ApiError> {
    let chain = match text(config, "content") {
        Some(content) => vec![from_text(content)?],
        None => {
            let verify = config.field("verify_chain").and_then(Value::as_bool).unwrap_or(true);
            let url = text(config, "url").unwrap_or_default();
            let chain = fetch::chain(url, verify).await;
            let chain =
                chain.map_err(|why| invalid("Failed to identify fetch peer certificates", why))?;
            let read = chain.iter().map(|bytes| {
                read_certificate(bytes).ok_or_else(|| malformed("the server's certificate"))
            });
            // The server's own certificate comes last.
            let mut chain = read.collect::<Result<Vec<_>, _>>()?;
            chain.reverse();
            chain
        }
    };
    let all: Vec<u8> = chain.iter().flat_map(|one| one.whole.clone()).collect();
    let parts = chain.iter().map(object).collect::<Vec<_>>();
    let verify = config.field("verify_chain").filter(|value| !value.is_null()).cloned();
    Ok(config
        .with_field("certificates", Value::list(certificate_type(), parts))
        .with_field("verify_chain", verify.unwrap_or_else(|| Value::bool(true)))
        .with_field("id", Value::string(hash(&all))))
}

fn malformed(what: &str) -> ApiError {
    invalid("Unable to parse certificate", format!("x509: {what} is malformed"))
}

fn from_text(content: &str) -> Result<Certificate, ApiError> {
    let (label, bytes) = der::unpem(content).ok_or_else(|| {
        invalid("Failed to decoded PEM", "Value is not a valid PEM encoding of a certificate")
    })?;
    if label != "CERTIFICATE" {
        let why = format!("Certificate PEM should be \"CERTIFICATE\", got {label:?}");
        return Err(invalid("Unexpected PEM preamble", why));
    }
    read_certificate(&bytes).ok_or_else(|| malformed("certificate"))
}

fn object(one: &Certificate) -> Value {
    let (is_authority, length) = match one.constraints {
        Some((authority, length)) => (authority, length.unwrap_or(-1)),
        None => (false, 0),
    };
    let text = |text: String| Value::string(text);
    Value::object([
        ("signature_algorithm", text(signature(one))),
        ("public_key_algorithm", text(key_algorithm(&one.key_algorithm).to_string())),
        ("serial_number", text(serial(&one.serial))),
        ("is_ca", Value::bool(is_authority)),
        ("max_path_length", Value::number(length)),
        ("version", Value::number(one.version)),
        ("issuer", text(shown(&one.issuer))),
        ("subject", text(shown(&one.subject))),
        ("not_before", text(Moment::at(one.from).to_string())),
        ("not_after", text(Moment::at(one.until).to_string())),
        ("sha1_fingerprint", text(hex::encode(Sha1::digest(&one.whole)))),
        ("cert_pem", text(der::pem("CERTIFICATE", &one.whole))),
    ])
}

/// Gives the decimal digits of a number, which may be negative.
fn serial(bytes: &[u8]) -> String {
    let number = dashu_int::UBig::from_be_bytes(bytes);
    match bytes.first() {
        Some(first) if first & 0x80 != 0 => {
            let whole = dashu_int::UBig::ONE << (8 * bytes.len());
            format!("-{}", whole - number)
        }
        _ => number.to_string(),
    }
}

fn key_algorithm(numbers: &str) -> &'static str {
    match numbers {
        "1.2.840.113549.1.1.1" => "RSA",
        "1.2.840.10040.4.1" => "DSA",
        "1.2.840.10045.2.1" => "ECDSA",
        "1.3.101.112" => "Ed25519",
        _ => "0",
    }
}

fn signature(one: &Certificate) -> String {
    let name = match one.signature.as_str() {
        "1.2.840.113549.1.1.2" => "MD2-RSA",
        "1.2.840.113549.1.1.4" => "MD5-RSA",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "SHA1-RSA",
        "1.2.840.113549.1.1.11" => "SHA256-RSA",
        "1.2.840.113549.1.1.12" => "SHA384-RSA",
        "1.2.840.113549.1.1.13" => "SHA512-RSA",
        "1.2.840.113549.1.1.10" => pss(&one.parameters),
        "1.2.840.10040.4.3" => "DSA-SHA1",
        "2.16.840.1.101.3.4.3.2" => "DSA-SHA256",
        "1.2.840.10045.4.1" => "ECDSA-SHA1",
        "1.2.840.10045.4.3.2" => "ECDSA-SHA256",
        "1.2.840.10045.4.3.3" => "ECDSA-SHA384",
        "1.2.840.10045.4.3.4" => "ECDSA-SHA512",
        "1.3.101.112" => "Ed25519",
        _ => "0",
    };
    name.to_string()
}

/// Names the hash of a PSS signature, which its parameters say.
fn pss(parameters: &[u8]) -> &'static str {
    let hashes = [(1, "SHA256-RSAPSS"), (2, "SHA384-RSAPSS"), (3, "SHA512-RSAPSS")];
    let named = hashes.iter().find(|(number, _)| {
        let name = der::oid(&[2, 16, 840, 1, 101, 3, 4, 2, *number]);
        parameters.windows(name.len()).any(|part| part == name)
    });
    named.map_or("0", |(_, name)| *name)
}
