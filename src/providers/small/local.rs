//! `local_file`, `local_sensitive_file` and the data sources of the same names.

use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::check::{exactly_one_of, problem};
use super::{
    DataRow, Making, Row, anew, computed, defaulted, fill, invalid, made, no_checks, optional,
    replaced, required, text,
};
use crate::providers::{ApiError, PlanRequest, Planned, Problem, World};
use crate::schema::{Field, Given, Schema};
use crate::value::{Type, Value};

pub(super) const ROWS: &[Row] = &[
    Row {
        validate: |config| {
            checks(config, &["content", "sensitive_content", "content_base64", "source"])
        },
        read,
        remove,
        ..Row::new("local_file", file_schema, file_plan, make)
    },
    Row {
        validate: |config| checks(config, &["content", "content_base64", "source"]),
        read,
        remove,
        ..Row::new("local_sensitive_file", sensitive_schema, sensitive_plan, make)
    },
];

pub(super) const DATA: &[DataRow] = &[
    DataRow {
        type_name: "local_file",
        schema: || data_schema(false),
        validate: no_checks,
        read: |config, world| Box::pin(async move { read_data(config, world) }),
    },
    DataRow {
        type_name: "local_sensitive_file",
        schema: || data_schema(true),
        validate: no_checks,
        read: |config, world| Box::pin(async move { read_data(config, world) }),
    },
];

const ARGUMENTS: &[&str] = &[
    "filename",
    "content",
    "sensitive_content",
    "content_base64",
    "source",
    "file_permission",
    "directory_permission",
];

/// The sums of a file's content, by attribute.
fn sums(content: &[u8]) -> [(&'static str, String); 7] {
    let (sha256, sha512) = (Sha256::digest(content), Sha512::digest(content));
    let sha1 = hex::encode(Sha1::digest(content));
    [
        ("id", sha1.clone()),
        ("content_md5", hex::encode(Md5::digest(content))),
        ("content_sha1", sha1),
        ("content_sha256", hex::encode(sha256)),
        ("content_base64sha256", STANDARD.encode(sha256)),
        ("content_sha512", hex::encode(sha512)),
        ("content_base64sha512", STANDARD.encode(sha512)),
    ]
}

fn with_sums<const N: usize>(fields: [(&'static str, Field); N]) -> Schema {
    let mut schema = made(0, fields);
    schema
        .fields
        .extend(sums(&[]).into_iter().map(|(name, _)| (name.to_string(), computed(Type::String))));
    schema
}

fn file_schema() -> Schema {
    let mode = || defaulted(Type::String, Value::string("0777"));
    let mut secret = optional(Type::String).sensitive();
    secret.deprecated = Some("Use the `local_sensitive_file` resource instead".into());
    with_sums([
        ("filename", required(Type::String)),
        ("content", optional(Type::String)),
        ("content_base64", optional(Type::String)),
        ("source", optional(Type::String)),
        ("sensitive_content", secret),
        ("file_permission", mode()),
        ("directory_permission", mode()),
    ])
}

fn sensitive_schema() -> Schema {
    let mode = || defaulted(Type::String, Value::string("0700"));
    with_sums([
        ("filename", required(Type::String)),
        ("content", optional(Type::String).sensitive()),
        ("content_base64", optional(Type::String).sensitive()),
        ("source", optional(Type::String)),
        ("file_permission", mode()),
        ("directory_permission", mode()),
    ])
}

fn data_schema(sensitive: bool) -> Schema {
    let content =
        || if sensitive { computed(Type::String).sensitive() } else { computed(Type::String) };
    with_sums([
        ("filename", Field::attribute(Type::String, Given::Required)),
        ("content", content()),
        ("content_base64", content()),
    ])
}

fn checks(config: &Value, contents: &[&str]) -> Vec<Problem> {
    let mut problems = exactly_one_of(config, contents);
    for name in ["file_permission", "directory_permission"] {
        let Some(mode) = config.field(name).and_then(Value::as_str) else { continue };
        let wrong = if !(3..=4).contains(&mode.len()) {
            "string length should be 3 or 4 digits"
        } else if i64::from_str_radix(mode, 8).is_ok_and(|mode| (0..=0o777).contains(&mode)) {
            continue;
        } else {
            "string must be expressed in octal numeric notation"
        };
        let detail = format!("bad mode permission: {wrong}: {mode}");
        problems.push(problem(name, "Invalid File Permission String Value", detail));
    }
    problems
}

fn file_plan(request: &PlanRequest<'_>) -> Planned {
    replaced(request, anew(request, &file_schema(), &[]), ARGUMENTS)
}

fn sensitive_plan(request: &PlanRequest<'_>) -> Planned {
    replaced(request, anew(request, &sensitive_schema(), &[]), ARGUMENTS)
}

fn make(making: &Making<'_>) -> Result<Value, ApiError> {
    let planned = making.planned;
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        let detail =
            format!("An unexpected error occurred while {what}\n\nOriginal Error: {error}");
        invalid("Create local file error", detail)
    };
    let content = content(planned, making.world)
        .map_err(|error| failed("parsing local file content", &error))?;
    let path = place(planned, making.world);
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(mode(planned, "directory_permission"));
        builder.create(folder).map_err(|error| failed("creating file directory", &error))?;
    }
    write(&path, &content, mode(planned, "file_permission"))
        .map_err(|error| failed("writing the file", &error))?;
    let sums = sums(&content).into_iter();
    Ok(sums.fold(planned.clone(), |value, (name, sum)| fill(&value, name, || Value::string(sum))))
}

fn write(path: &Path, content: &[u8], mode: u32) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(mode).open(path)?;
    std::io::Write::write_all(&mut file, content)
}

fn mode(value: &Value, name: &str) -> u32 {
    text(value, name).and_then(|mode| u32::from_str_radix(mode, 8).ok()).unwrap_or(0o777)
}

/// Gives where a file lies: its name counts from the folder of the root module.
fn place(value: &Value, world: &World) -> PathBuf {
    world.root.join(text(value, "filename").unwrap_or_default())
}

fn content(value: &Value, world: &World) -> Result<Vec<u8>, String> {
    let given = |name: &str| value.field(name).and_then(Value::as_str);
    if let Some(content) = given("sensitive_content") {
        return Ok(content.as_bytes().to_vec());
    }
    if let Some(content) = given("content_base64") {
        return STANDARD.decode(content).map_err(|error| error.to_string());
    }
    if let Some(source) = given("source") {
        return std::fs::read(world.root.join(source)).map_err(|error| error.to_string());
    }
    Ok(given("content").unwrap_or_default().as_bytes().to_vec())
}

/// A file that was removed or changed by another hand is gone: it will be written anew.
fn read(value: &Value, world: &World) -> Result<Option<Value>, ApiError> {
    match std::fs::read(place(value, world)) {
        Ok(content) => {
            let sum = hex::encode(Sha1::digest(content));
            Ok((text(value, "id") == Some(sum.as_str())).then(|| value.clone()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let detail = format!(
                "An unexpected error occurred while reading the file\n\nOriginal Error: {error}"
            );
            Err(invalid("Read local file error", detail))
        }
    }
}

/// Removes the file. That it cannot be removed is no reason to keep the object, as nothing would mend that.
fn remove(value: &Value, world: &World) -> Result<(), ApiError> {
    std::fs::remove_file(place(value, world)).ok();
    Ok(())
}

fn read_data(config: &Value, world: &World) -> Result<Value, ApiError> {
    let content = std::fs::read(place(config, world)).map_err(|error| {
        let name = text(config, "filename").unwrap_or_default();
        let detail = format!(
            "The file at given path cannot be read.\n\nOriginal Error: open {name}: {error}"
        );
        invalid("Read local file data source error", detail)
    })?;
    let value = config
        .with_field("content", Value::string(String::from_utf8_lossy(&content)))
        .with_field("content_base64", Value::string(STANDARD.encode(&content)));
    let sums = sums(&content).into_iter();
    Ok(sums.fold(value, |value, (name, sum)| value.with_field(name, Value::string(sum))))
}
