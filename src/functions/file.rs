//! Functions that look at files, and over their paths. Relative paths start at the environment's folder.

mod glob;

use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::hash::{base64_of, hex_of};
use super::{Call, CallError, Environment, Function, Spec, function, string};
use crate::value::quote::quote;
use crate::value::{Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("abspath", &[string("path")], Spec::String, |call| {
        let path = call.environment.root.join(call.text(0));
        Ok(Value::string(clean(&path.to_string_lossy())))
    }),
    function("basename", &[string("path")], Spec::String, |call| {
        Ok(Value::string(base_name(call.text(0))))
    }),
    function("dirname", &[string("path")], Spec::String, |call| {
        Ok(Value::string(folder_name(call.text(0))))
    }),
    function("file", &[string("path")], Spec::String, |call| {
        read_text(call.text(0), call.environment).map(Value::string)
    }),
    function("filebase64", &[string("path")], Spec::String, |call| {
        Ok(Value::string(STANDARD.encode(read_file(call.text(0), call.environment)?)))
    }),
    function("filebase64sha256", &[string("path")], Spec::String, |call| {
        digest(call, base64_of::<Sha256>)
    }),
    function("filebase64sha512", &[string("path")], Spec::String, |call| {
        digest(call, base64_of::<Sha512>)
    }),
    function("fileexists", &[string("path")], Spec::Bool, file_exists),
    function("filemd5", &[string("path")], Spec::String, |call| digest(call, hex_of::<Md5>)),
    function("fileset", &[string("path"), string("pattern")], Spec::Set(&Spec::String), file_set),
    function("filesha1", &[string("path")], Spec::String, |call| digest(call, hex_of::<Sha1>)),
    function("filesha256", &[string("path")], Spec::String, |call| digest(call, hex_of::<Sha256>)),
    function("filesha512", &[string("path")], Spec::String, |call| digest(call, hex_of::<Sha512>)),
    function("pathexpand", &[string("path")], Spec::String, |call| {
        expand(call.text(0), call.environment).map(Value::string)
    }),
];

/// Reads a file's text as `file` does, for templates too; the path is the first argument.
///
/// # Errors
/// There is no such file, it cannot be read, or it is not UTF-8.
pub fn read_text(path: &str, environment: &Environment) -> Result<String, CallError> {
    let bytes = read_file(path, environment)?;
    String::from_utf8(bytes).map_err(|_| {
        CallError::new(format!(
            "contents of {path} are not valid UTF-8; use the filebase64 function to obtain the Base64 encoded contents or the other file functions (e.g. filemd5, filesha256) to obtain file hashing results instead", path = quote(path)))
    })
}

fn read_file(path: &str, environment: &Environment) -> Result<Vec<u8>, CallError> {
    let real = locate(path, environment)?;
    if !real.exists() && !path.contains('\0') {
        return Err(CallError::at(
            0,
            format!(
                "no file exists at {}; this function works only with files that are distributed as part of the configuration source code, so if this file will be created by a resource in this configuration you must instead obtain this result from an attribute of that resource",
                quote(&clean(path))
            ),
        ));
    }
    std::fs::read(&real).map_err(|error| {
        let shown = clean(path);
        CallError::at(
            0,
            if real.is_dir() {
                format!("failed to read file: read {shown}: is a directory")
            } else {
                format!("open {shown}: {}", reason(&error))
            },
        )
    })
}

/// Gives an error's text without the machine's number.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::InvalidInput => "invalid argument".into(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_lowercase()
        }
    }
}

fn locate(path: &str, environment: &Environment) -> Result<PathBuf, CallError> {
    let expanded = expand(path, environment)
        .map_err(|error| CallError::new(format!("failed to expand ~: {}", error.message)))?;
    Ok(environment.root.join(clean(&expanded)))
}

fn digest(call: &Call<'_>, of: fn(&[u8]) -> String) -> Result<Value, CallError> {
    let path = call.text(0);
    let real = locate(path, call.environment)?;
    let bytes = std::fs::read(&real).map_err(|error| {
        let shown = clean(path);
        CallError::new(if real.is_dir() {
            format!("read {shown}: is a directory")
        } else {
            format!("open {shown}: {}", reason(&error))
        })
    })?;
    Ok(Value::string(of(&bytes)))
}

fn file_exists(call: &Call<'_>) -> Result<Value, CallError> {
    let path = call.text(0);
    let real = locate(path, call.environment)?;
    match std::fs::metadata(&real) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Value::bool(false)),
        Err(error) => Err(CallError::new(format!(
            "failed to stat {}: {}",
            quote(&clean(path)),
            reason(&error)
        ))),
        Ok(found) if found.is_file() => Ok(Value::bool(true)),
        Ok(found) => {
            let kind = if found.is_dir() { "directory, not a file" } else { "not a regular file" };
            let article = if found.is_dir() { "a " } else { "" };
            Err(CallError::new(format!("{} is {article}{kind}", quote(&clean(path)))))
        }
    }
}

/// Gives the files below a folder that a pattern matches, as `fileset` does, in order.
///
/// # Errors
/// The pattern is none.
pub fn matching(
    folder: &str,
    pattern: &str,
    environment: &Environment,
) -> Result<Vec<String>, CallError> {
    let place = locate(folder, environment)?;
    let found = glob::find(&place, pattern).map_err(|problem| {
        let whole = clean(&format!("{folder}/{pattern}"));
        CallError::new(format!("failed to glob pattern {}: {problem}", quote(&whole)))
    })?;
    let mut found: Vec<String> = found.into_iter().collect();
    found.sort();
    Ok(found)
}

fn file_set(call: &Call<'_>) -> Result<Value, CallError> {
    let found = matching(call.text(0), call.text(1), call.environment)?;
    Ok(Value::set(Type::String, found.into_iter().map(Value::string).collect()))
}

fn expand(path: &str, environment: &Environment) -> Result<String, CallError> {
    let Some(rest) = path.strip_prefix('~') else { return Ok(path.into()) };
    if !rest.is_empty() && !rest.starts_with('/') {
        return Err(CallError::new("cannot expand user-specific home dir"));
    }
    let Some(home) = &environment.home else {
        return Err(CallError::new("the home folder is not known"));
    };
    Ok(clean(&format!("{}{rest}", home.display())))
}

/// Gives the shortest path that means the same by its text alone.
fn clean(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let rooted = path.starts_with('/');
    for component in Path::new(path).components() {
        match component {
            Component::ParentDir => match kept.last() {
                Some(&"..") | None if !rooted => kept.push(".."),
                Some(_) => {
                    kept.pop();
                }
                None => {}
            },
            Component::Normal(name) => kept.extend(name.to_str()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    let joined = kept.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}

fn base_name(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/" } else { trimmed.rsplit('/').next().unwrap_or(trimmed) }
}

fn folder_name(path: &str) -> String {
    clean(path.rfind('/').map_or("", |place| &path[..=place]))
}
