//! `tls_cert_request`, `tls_self_signed_cert`, `tls_locally_signed_cert`.

use std::net::IpAddr;

use dashu_int::UBig;
use jiff::{SignedDuration, Timestamp};

use super::key::Key;
use super::x509::{self, Alternatives, EXTENDED_USES, KEY_USES, Template};
use super::{der, hash};
use crate::providers::small::check::{among, at_least, bad_value};
use crate::providers::small::{
    Making, Row, computed, defaulted, fill, invalid, made, random_bytes, replaced, required, text,
};
use crate::providers::{ApiError, PlanRequest, Planned, Problem, World};
use crate::schema::{BlockKind, Field, Given, Schema};
use crate::value::{Path, Type, Value};

pub(super) const REQUEST: Row = Row {
    validate: request_checks,
    ..Row::new("tls_cert_request", request_schema, request_plan, request)
};

pub(super) const SELF_SIGNED: Row = Row {
    validate: self_checks,
    read,
    ..Row::new("tls_self_signed_cert", self_schema, self_plan, self_signed)
};

pub(super) const LOCALLY_SIGNED: Row = Row {
    validate: certificate_checks,
    read,
    ..Row::new("tls_locally_signed_cert", local_schema, local_plan, locally_signed)
};

fn texts() -> Field {
    super::super::optional(Type::list(Type::String))
}

fn subject_field() -> Field {
    let names = [
        "common_name",
        "organization",
        "organizational_unit",
        "locality",
        "province",
        "country",
        "postal_code",
        "serial_number",
        "email_address",
    ];
    let plain = |ty| Field::attribute(ty, Given::Optional).replaces();
    let mut fields: std::collections::BTreeMap<String, Field> =
        names.into_iter().map(|name| (name.to_string(), plain(Type::String))).collect();
    fields.insert("street_address".into(), plain(Type::list(Type::String)));
    Field::block(BlockKind::List, 0, None, fields)
}

/// Checks that there is one subject at the most; the schema of the original does not say it.
fn subject_check(config: &Value) -> Option<Problem> {
    let count = config.field("subject").and_then(Value::elements).map_or(0, <[Value]>::len);
    let must = "list must contain at least 0 elements and at most 1 elements";
    (count > 1).then(|| bad_value("subject", must, &count.to_string()))
}

/// Adds the arguments that say who a certificate is for.
fn for_whom(mut schema: Schema) -> Schema {
    let fields = [
        ("private_key_pem", required(Type::String).sensitive()),
        ("dns_names", texts()),
        ("ip_addresses", texts()),
        ("uris", texts()),
        ("key_algorithm", computed(Type::String)),
        ("subject", subject_field()),
    ];
    schema.fields.extend(fields.map(|(name, field)| (name.to_string(), field)));
    schema
}

fn request_schema() -> Schema {
    for_whom(made(
        0,
        [("cert_request_pem", computed(Type::String)), ("id", computed(Type::String))],
    ))
}

/// Gives the schema of any certificate.
fn certificate_schema() -> Schema {
    let off = || defaulted(Type::Bool, Value::bool(false));
    let mut early = defaulted(Type::Number, Value::number(0_i64));
    early.replaces = false;
    let mut ready = computed(Type::Bool);
    ready.default = Some(Value::bool(false));
    made(
        0,
        [
            ("id", computed(Type::String)),
            ("validity_period_hours", required(Type::Number)),
            ("allowed_uses", required(Type::list(Type::String))),
            ("early_renewal_hours", early),
            ("is_ca_certificate", off()),
            (
                "max_path_length",
                Field::attribute(Type::Number, Given::OptionalOrService).replaces(),
            ),
            ("set_subject_key_id", off()),
            ("cert_pem", computed(Type::String)),
            ("ready_for_renewal", ready),
            ("validity_start_time", computed(Type::String)),
            ("validity_end_time", computed(Type::String)),
        ],
    )
}

fn self_schema() -> Schema {
    let mut schema = for_whom(certificate_schema());
    let authority = defaulted(Type::Bool, Value::bool(false));
    schema.fields.insert("set_authority_key_id".into(), authority);
    schema
}

fn local_schema() -> Schema {
    let mut schema = certificate_schema();
    let fields = [
        ("ca_cert_pem", required(Type::String)),
        ("ca_private_key_pem", required(Type::String).sensitive()),
        ("cert_request_pem", required(Type::String)),
        ("ca_key_algorithm", computed(Type::String)),
    ];
    schema.fields.extend(fields.map(|(name, field)| (name.to_string(), field)));
    schema
}

fn request_checks(config: &Value) -> Vec<Problem> {
    let empty =
        |text: &str| text.is_empty().then(|| "string length must be at least 1".to_string());
    let lists = ["ip_addresses", "uris"];
    let mut problems: Vec<Problem> =
        lists.iter().flat_map(|name| items(config, name, empty)).collect();
    problems.extend(subject_check(config));
    problems
}

/// Checks the texts of a list; `wrong` says what one must be.
fn items(config: &Value, name: &str, wrong: impl Fn(&str) -> Option<String>) -> Vec<Problem> {
    let items = config.field(name).and_then(Value::elements).unwrap_or_default();
    let told = items.iter().enumerate().filter_map(|(place, item)| {
        let item = item.as_str()?;
        let found = bad_value(&format!("{name}[{place}]"), &wrong(item)?, &format!("{item:?}"));
        Some(Problem { path: Path::root().attribute(name).place(place), ..found })
    });
    told.collect()
}

fn self_checks(config: &Value) -> Vec<Problem> {
    certificate_checks(config).into_iter().chain(request_checks(config)).collect()
}

fn certificate_checks(config: &Value) -> Vec<Problem> {
    let mut uses: Vec<&str> = KEY_USES.iter().map(|(name, _)| *name).collect();
    uses.extend(EXTENDED_USES.iter().map(|(name, _)| *name));
    uses.sort_unstable();
    let mut problems =
        items(config, "allowed_uses", |text| (!uses.contains(&text)).then(|| among(&uses)));
    problems.extend(at_least(config, "validity_period_hours", 0));
    problems.extend(at_least(config, "early_renewal_hours", 0));
    problems.extend(at_least(config, "max_path_length", -1));
    problems
}

fn request_plan(request: &PlanRequest<'_>) -> Planned {
    with_keys(request, request.proposed.clone(), &["dns_names", "ip_addresses", "uris", "subject"])
}

/// Plans what is made anew by any of some arguments, and by those that hold PEM. In states of very old versions
/// the latter hold a hash instead, and stay.
fn with_keys(request: &PlanRequest<'_>, after: Value, arguments: &[&str]) -> Planned {
    let keys = ["private_key_pem", "ca_cert_pem", "ca_private_key_pem", "cert_request_pem"];
    let held = |name: &&&str| {
        let prior = request.prior.and_then(|prior| text(prior, name));
        prior.is_some_and(|prior| prior.starts_with("-----BEGIN "))
            && request.config.field(name).is_some_and(|value| !value.is_null())
    };
    let arguments: Vec<&str> = arguments.iter().chain(keys.iter().filter(held)).copied().collect();
    replaced(request, after, &arguments)
}

const FIXED: &[&str] = &[
    "validity_period_hours",
    "allowed_uses",
    "is_ca_certificate",
    "max_path_length",
    "set_subject_key_id",
    "set_authority_key_id",
    "dns_names",
    "ip_addresses",
    "uris",
    "subject",
];

fn self_plan(request: &PlanRequest<'_>) -> Planned {
    certificate_plan(request)
}

fn local_plan(request: &PlanRequest<'_>) -> Planned {
    certificate_plan(request)
}

/// A certificate whose renewal is due is made anew.
fn certificate_plan(request: &PlanRequest<'_>) -> Planned {
    let hours = |value: &Value, name: &str| value.field(name).and_then(Value::as_i64);
    let period = hours(request.proposed, "validity_period_hours");
    let early = hours(request.proposed, "early_renewal_hours");
    let at_once =
        period == Some(0) || period.zip(early).is_some_and(|(period, early)| early >= period);
    let after = request.proposed.with_field("ready_for_renewal", Value::bool(at_once));
    let due = request.prior.is_some_and(|prior| {
        let ready = prior.field("ready_for_renewal").and_then(Value::as_bool) == Some(true);
        ready && early >= hours(prior, "early_renewal_hours")
    });
    if !due {
        return with_keys(request, after, FIXED);
    }
    let after = after.with_field("ready_for_renewal", Value::unknown(Type::Bool));
    let mut planned = with_keys(request, after, FIXED);
    planned.replaces.push(Path::root().attribute("ready_for_renewal"));
    planned
}

/// Says that the renewal is due when its hour has come.
fn read(value: &Value, world: &World) -> Result<Option<Value>, ApiError> {
    let end = text(value, "validity_end_time").and_then(|text| text.parse::<Timestamp>().ok());
    let early = value.field("early_renewal_hours").and_then(Value::as_i64).unwrap_or(0);
    let due = end.and_then(|end| end.checked_sub(hours(early)).ok());
    Ok(Some(match due {
        Some(due) if due <= world.clock.now() => {
            value.with_field("ready_for_renewal", Value::bool(true))
        }
        _ => value.clone(),
    }))
}

fn hours(number: i64) -> SignedDuration {
    SignedDuration::from_secs(number.saturating_mul(3600))
}

/// Gives the name and the other names of an object's arguments.
fn identity(value: &Value) -> Result<(Vec<u8>, Alternatives), ApiError> {
    let list = |value: &Value, name: &str| -> Vec<String> {
        let parts = value.field(name).and_then(Value::elements).unwrap_or_default();
        parts.iter().filter_map(Value::as_str).map(String::from).collect()
    };
    let subject = value.field("subject").and_then(Value::elements).and_then(<[Value]>::first);
    let name = x509::name(|argument| match (subject, argument) {
        (None, _) => Vec::new(),
        (Some(subject), "street_address") => list(subject, argument),
        (Some(subject), _) => {
            let given = subject.field(argument).and_then(Value::as_str);
            given.map(String::from).into_iter().collect()
        }
    });
    let addresses = list(value, "ip_addresses");
    let addresses = addresses.iter().map(|text| {
        text.parse::<IpAddr>()
            .map_err(|_| invalid("Invalid IP address", format!("Failed to parse {text:?}")))
    });
    let alternatives = Alternatives {
        names: list(value, "dns_names"),
        addresses: addresses.collect::<Result<_, _>>()?,
        uris: list(value, "uris"),
    };
    Ok((name, alternatives))
}

fn key_of(value: &Value, name: &str, what: &str) -> Result<Key, ApiError> {
    Key::read(text(value, name).unwrap_or_default())
        .map_err(|why| invalid(&format!("Failed to parse {what} PEM"), why))
}

fn request(making: &Making<'_>) -> Result<Value, ApiError> {
    let planned = making.planned;
    if making.prior.is_some() {
        return Ok(planned.clone());
    }
    let key = key_of(planned, "private_key_pem", "private key")?;
    let (subject, alternatives) = identity(planned)?;
    let bytes = x509::request(&subject, &alternatives, &key)
        .map_err(|why| invalid("Error creating certificate request", why))?;
    let value = fill(planned, "key_algorithm", || Value::string(key.algorithm()));
    let value =
        fill(&value, "cert_request_pem", || Value::string(der::pem("CERTIFICATE REQUEST", &bytes)));
    Ok(fill(&value, "id", || Value::string(hash(&bytes))))
}

fn self_signed(making: &Making<'_>) -> Result<Value, ApiError> {
    let planned = making.planned;
    if making.prior.is_some() {
        return Ok(planned.clone());
    }
    let key = key_of(planned, "private_key_pem", "private key")?;
    let (subject, alternatives) = identity(planned)?;
    let mut template = template(making, subject.clone(), key.public())?;
    template.alternatives = alternatives;
    if flag(planned, "set_authority_key_id") {
        let id = super::key::key_id(&key.public()).filter(|_| template.names_key);
        let id = id.ok_or_else(|| {
            invalid("Invalid Certificate Authority", "Could not determine Authority Key Identifier")
        })?;
        template.issuer_key = Some(id.to_vec());
    }
    template.issuer = subject;
    let value = fill(planned, "key_algorithm", || Value::string(key.algorithm()));
    finished(&value, &template, &key)
}

fn locally_signed(making: &Making<'_>) -> Result<Value, ApiError> {
    let planned = making.planned;
    if making.prior.is_some() {
        return Ok(planned.clone());
    }
    let bytes = |name: &str, label: &str, what: &str| {
        let failed = |why: String| invalid(&format!("Failed to parse {what} PEM"), why);
        match der::unpem(text(planned, name).unwrap_or_default()) {
            Some((found, bytes)) if found == label => Ok(bytes),
            Some((found, _)) => {
                Err(failed(format!("invalid PEM type - expected {label:?}, got {found:?}")))
            }
            None => {
                Err(failed(format!("failed to decode PEM of expected type {label:?} from bytes")))
            }
        }
    };
    let malformed = |what: &str| {
        invalid(
            &format!("Failed to parse {what} PEM"),
            format!("failed to parse {what}: it is not well formed"),
        )
    };
    let asked = bytes("cert_request_pem", "CERTIFICATE REQUEST", "certificate request")?;
    let asked = x509::read_request(&asked).ok_or_else(|| malformed("certificate request"))?;
    let key = key_of(planned, "ca_private_key_pem", "CA private key")?;
    let authority = bytes("ca_cert_pem", "CERTIFICATE", "CA certificate")?;
    let authority =
        x509::read_certificate(&authority).ok_or_else(|| malformed("CA certificate"))?;
    if authority.public != key.public() {
        let why = "x509: provided PrivateKey doesn't match parent's PublicKey";
        return Err(invalid("Failed to create certificate", why));
    }
    let mut template = template(making, asked.subject, asked.public)?;
    template.alternatives = asked.alternatives;
    if authority.subject != template.subject {
        template.issuer_key = authority.key_id;
    }
    template.issuer = authority.subject;
    let value = fill(planned, "ca_key_algorithm", || Value::string(key.algorithm()));
    finished(&value, &template, &key)
}

fn flag(value: &Value, name: &str) -> bool {
    value.field(name).and_then(Value::as_bool) == Some(true)
}

/// Begins a certificate with what the arguments say; who signs it is still open.
fn template<'a>(
    making: &Making<'a>,
    subject: Vec<u8>,
    public: Vec<u8>,
) -> Result<Template<'a>, ApiError> {
    let planned = making.planned;
    let is_authority = flag(planned, "is_ca_certificate");
    if is_authority && subject == der::sequence(&[]) {
        let why =
            "Must contain at least one Distinguished Name when creating Certificate Authority (CA)";
        return Err(invalid("Invalid Certificate Subject", why));
    }
    let number = |name: &str| planned.field(name).and_then(Value::as_i64);
    let from = making.world.clock.now();
    let until = from
        .checked_add(hours(number("validity_period_hours").unwrap_or(0)))
        .map_err(|error| invalid("Failed to create certificate", error.to_string()))?;
    let mut serial = [0; 16];
    serial.copy_from_slice(&random_bytes(16)?);
    let uses = planned.field("allowed_uses").and_then(Value::elements).unwrap_or_default();
    Ok(Template {
        serial,
        subject,
        alternatives: Alternatives::default(),
        public,
        from,
        until,
        uses: uses.iter().filter_map(Value::as_str).collect(),
        is_authority,
        path_length: number("max_path_length").and_then(|length| u8::try_from(length).ok()),
        names_key: is_authority || flag(planned, "set_subject_key_id"),
        issuer: Vec::new(),
        issuer_key: None,
    })
}

/// Signs a certificate and fills in what is known of it.
fn finished(value: &Value, template: &Template<'_>, key: &Key) -> Result<Value, ApiError> {
    let bytes = x509::certificate(template, key)
        .map_err(|why| invalid("Failed to create certificate", why))?;
    let filled = [
        ("id", UBig::from_be_bytes(&template.serial).to_string()),
        ("cert_pem", der::pem("CERTIFICATE", &bytes)),
        ("validity_start_time", template.from.to_string()),
        ("validity_end_time", template.until.to_string()),
    ];
    let value = fill(value, "max_path_length", || Value::null(Type::Number));
    let filled = filled.into_iter();
    Ok(filled.fold(value, |value, (name, text)| fill(&value, name, || Value::string(text))))
}
