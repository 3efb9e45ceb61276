//! The functions of providers: `provider::google::…`, `provider::kubernetes::…`, `provider::terraform::…`.
//!
//! What they find wrong ends with its own full stop, since the originals' messages do.

mod clock;
mod expression;
mod manifest;

use std::sync::LazyLock;

use regex::Regex;

use super::{Call, CallError, Function, Spec, any, function, inferred, number, string};
use crate::value::quote::quote;
use crate::value::{Type, Value};

/// Reads the manifests of a YAML text, each with the line that it begins in and its own text.
///
/// # Errors
/// What is wrong with the text.
pub fn documents(text: &str) -> Result<Vec<(usize, String, Value)>, CallError> {
    manifest::documents(text)
}

/// The tables by the last part of a provider's source.
const TABLES: &[(&str, &[Function])] = &[
    ("google", GOOGLE),
    ("google-beta", GOOGLE),
    ("kubernetes", KUBERNETES),
    ("local", LOCAL),
    ("terraform", TERRAFORM),
    ("time", TIME),
];

const GOOGLE: &[Function] = &[
    function("location_from_id", &[string("id")], Spec::String, |call| {
        part_of(call, &LOCATION, "locations/{location}/")
    }),
    function("name_from_id", &[string("id")], Spec::String, |call| {
        part_of(call, &NAME, "resourceType/{name}$")
    }),
    function("project_from_id", &[string("id")], Spec::String, |call| {
        part_of(call, &PROJECT, "projects/{project}/")
    }),
    function("region_from_id", &[string("id")], Spec::String, |call| {
        part_of(call, &REGION, "regions/{region}/")
    }),
    function("region_from_zone", &[string("zone")], Spec::String, region_from_zone),
    function("zone_from_id", &[string("id")], Spec::String, |call| {
        part_of(call, &ZONE, "zones/{zone}/")
    }),
];

const KUBERNETES: &[Function] = &[
    inferred("manifest_decode", &[string("manifest")], |_| Ok(Type::Any), manifest::decode_one),
    inferred(
        "manifest_decode_multi",
        &[string("manifest")],
        |_| Ok(Type::Any),
        manifest::decode_all,
    ),
    function("manifest_encode", &[any("manifest").unknown()], Spec::String, manifest::encode),
];

const LOCAL: &[Function] = &[function("direxists", &[string("path")], Spec::Bool, folder_exists)];

const TIME: &[Function] = &[
    inferred(
        "duration_parse",
        &[string("duration")],
        |_| Ok(clock::duration_type()),
        clock::lasting,
    ),
    inferred("rfc3339_parse", &[string("timestamp")], |_| Ok(clock::moment_type()), clock::moment),
    inferred(
        "unix_timestamp_parse",
        &[number("unix_timestamp")],
        |_| Ok(clock::unix_type()),
        clock::unix,
    ),
];

/// The first two give text that is not laid out yet, the last the text that is to be read: the evaluator does the
/// rest, since that takes the language's syntax.
const TERRAFORM: &[Function] = &[
    function("encode_expr", &[any("value").unknown()], Spec::String, expression::encode),
    function(
        "encode_tfvars",
        &[any("value").unknown()],
        Spec::String,
        expression::encode_variables,
    ),
    inferred(
        "decode_tfvars",
        &[string("src")],
        |_| Ok(Type::Any),
        |call| Ok(call.arguments[0].clone()),
    ),
];

/// Finds a function of a provider, by its source (`hashicorp/google`) and its name.
pub fn find_provided(source: &str, name: &str) -> Option<&'static Function> {
    provided(source).iter().find(|function| function.name == name)
}

/// Gives the functions of a provider.
pub fn provided(source: &str) -> &'static [Function] {
    let name = source.rsplit('/').next().unwrap_or_default();
    let owned = source.split('/').rev().nth(1);
    let known = matches!(
        (owned, name),
        (Some("builtin"), "terraform")
            | (Some("hashicorp"), "google" | "google-beta" | "kubernetes" | "local" | "time")
    );
    let table = TABLES.iter().find(|(known, _)| *known == name).filter(|_| known);
    table.map(|(_, functions)| *functions).unwrap_or_default()
}

static LOCATION: LazyLock<Regex> = LazyLock::new(|| compiled("locations/([^/]+)/"));
static NAME: LazyLock<Regex> = LazyLock::new(|| compiled("/([^/]+)$"));
static PROJECT: LazyLock<Regex> = LazyLock::new(|| compiled("projects/([^/]+)/"));
static REGION: LazyLock<Regex> = LazyLock::new(|| compiled("regions/([^/]+)/"));
static ZONE: LazyLock<Regex> = LazyLock::new(|| compiled("zones/([^/]+)/"));

fn compiled(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is fixed text")
}

/// Gives the first part of an id that a pattern finds.
fn part_of(call: &Call<'_>, pattern: &Regex, shown: &str) -> Result<Value, CallError> {
    let id = call.text(0);
    let found = pattern.captures(id).and_then(|found| found.get(1));
    found.map(|part| Value::string(part.as_str())).ok_or_else(|| {
        let message =
            format!("The input string \"{id}\" doesn't contain the expected pattern \"{shown}\".");
        CallError::at(0, message)
    })
}

fn region_from_zone(call: &Call<'_>) -> Result<Value, CallError> {
    let zone = call.text(0);
    if zone.is_empty() {
        return Err(CallError::at(0, "The input string cannot be empty."));
    }
    let parts: Vec<&str> = zone.split('-').collect();
    if parts.len() < 3 {
        let message = format!("The input string \"{zone}\" is not a valid zone name.");
        return Err(CallError::at(0, message));
    }
    Ok(Value::string(parts[..parts.len() - 1].join("-")))
}

/// Says whether there is a folder; something else of that name is an error.
fn folder_exists(call: &Call<'_>) -> Result<Value, CallError> {
    let path = call.text(0);
    match std::fs::metadata(call.environment.root.join(path)) {
        Ok(found) if found.is_dir() => Ok(Value::bool(true)),
        Ok(_) => {
            let message = format!(
                "Invalid file mode detected: {path} was found, but is not a directory",
                path = quote(path)
            );
            Err(CallError::at(0, message))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Value::bool(false)),
        Err(error) => Err(CallError::at(0, format!("Error checking for directory: {error}"))),
    }
}
