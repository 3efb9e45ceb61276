//! Many objects of one block: the documents of files, each under a key `KIND/NAMESPACE/NAME`.

use std::collections::BTreeMap;

use crate::schema::{Files, Spread, Strange, Turn};
use crate::value::Value;

use super::body::Who;
use super::kinds::common;
use super::versions::current;

/// How a block of manifests is spread.
pub(super) const SPREAD: Spread =
    Spread { argument: "manifest", of: &["path", "glob", "folder", "yaml"], keyed };

fn keyed(body: &Value, files: &dyn Files) -> Result<Vec<Turn>, Strange> {
    if body.field("manifest").is_some_and(|given| !given.is_null()) {
        let detail = "The manifest of each object comes from `path`, `glob`, `folder` or `yaml`; for one object written here \
                      there is `kubernetes_manifest`.";
        return Err(strange("manifest", "Invalid set of manifests", detail));
    }
    let text =
        |name: &str| body.field(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut texts: Vec<(&'static str, String, String)> = Vec::new();
    if let Some(path) = text("path") {
        texts.push(("path", path.into(), read("path", path, files)?));
    }
    if let Some(pattern) = text("glob") {
        let (folder, rest) = split(pattern);
        many("glob", folder, &[rest], files, &mut texts)?;
    }
    if let Some(folder) = text("folder") {
        many("folder", folder, &["**/*.yaml", "**/*.yml", "**/*.json"], files, &mut texts)?;
    }
    if let Some(yaml) = text("yaml") {
        texts.push(("yaml", "yaml".into(), yaml.to_string()));
    }
    if texts.is_empty() {
        let detail = "A block of manifests needs `path`, `glob`, `folder` or `yaml`.";
        return Err(strange("path", "Invalid set of manifests", detail));
    }
    let mut found: BTreeMap<String, Turn> = BTreeMap::new();
    for (argument, file, text) in texts {
        let documents = files.documents(&text).map_err(|why| {
            strange(
                argument,
                "Unreadable manifests",
                format!("{file} cannot be read as manifests: {why}"),
            )
        })?;
        for document in documents {
            let Some((kind, group, rest)) = key_of(&document.value) else {
                let detail = format!(
                    "{file} line {}: the object has no `metadata.name`, or `apiVersion` or `kind` are no text.",
                    document.line
                );
                return Err(strange(argument, "Invalid manifest", detail));
            };
            let mut key = format!("{kind}/{rest}");
            let of_group = |turn: &Turn| key_of(&turn.value).is_some_and(|(_, of, _)| of == group);
            // Two groups may have a kind of one name.
            if found.get(&key).is_some_and(|former| !of_group(former)) {
                key = format!("{kind}.{group}/{rest}");
            }
            let turn = Turn {
                key: key.clone(),
                value: document.value,
                file: file.clone(),
                line: document.line,
                text: document.text,
            };
            if let Some(former) = found.get(&key) {
                let detail = format!(
                    "{key} is in {} line {} and in {} line {}: an object is written once.",
                    former.file, former.line, turn.file, turn.line
                );
                return Err(strange(argument, "Object written twice", detail));
            }
            found.insert(key, turn);
        }
    }
    Ok(found.into_values().collect())
}

fn strange(argument: &'static str, summary: &str, detail: impl Into<String>) -> Strange {
    Strange { argument, summary: summary.into(), detail: detail.into(), help: Vec::new() }
}

fn read(argument: &'static str, path: &str, files: &dyn Files) -> Result<String, Strange> {
    files.text(path).map_err(|why| {
        strange(argument, "Unreadable manifests", format!("The file {path} cannot be read: {why}."))
    })
}

fn many(
    argument: &'static str,
    folder: &str,
    patterns: &[&str],
    files: &dyn Files,
    texts: &mut Vec<(&'static str, String, String)>,
) -> Result<(), Strange> {
    let mut names = Vec::new();
    for pattern in patterns {
        let found = files.matching(folder, pattern);
        names.extend(found.map_err(|why| strange(argument, "Unreadable manifests", why))?);
    }
    if names.is_empty() {
        let detail = format!("There is no file {} in {folder}.", patterns.join(", "));
        return Err(strange(argument, "No manifests", detail));
    }
    names.sort();
    names.dedup();
    for name in names {
        let path = if folder == "." { name } else { format!("{folder}/{name}") };
        let text = read(argument, &path, files)?;
        texts.push((argument, path, text));
    }
    Ok(())
}

/// Splits a pattern into the folder before its first wildcard and the rest.
fn split(pattern: &str) -> (&str, &str) {
    let wild = pattern.find(['*', '?', '[', '{']).unwrap_or(pattern.len());
    match pattern[..wild].rfind('/') {
        Some(0) => ("/", &pattern[1..]),
        Some(at) => (&pattern[..at], &pattern[at + 1..]),
        None => (".", pattern),
    }
}

/// Gives the kind, its group, and the rest of an object's key: `Deployment/default/web`, `Namespace/web`.
fn key_of(manifest: &Value) -> Option<(String, String, String)> {
    let (manifest, _) = current(manifest);
    let who = Who::of(&manifest)?;
    let namespaced = common(&who.api_version, &who.kind).map(|kind| kind.namespaced);
    let namespace = match (namespaced, who.namespace.as_str()) {
        (Some(false), _) => "",
        (Some(true), "") => "default",
        (_, given) => given,
    };
    let place = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
    Some((who.kind.clone(), who.group().to_string(), format!("{place}{}", who.name.as_deref()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_split_before_its_first_wildcard() {
        assert_eq!(split("./k8s/*.yaml"), ("./k8s", "*.yaml"));
        assert_eq!(split("k8s/**/a.yml"), ("k8s", "**/a.yml"));
        assert_eq!(split("*.yaml"), (".", "*.yaml"));
    }
}
