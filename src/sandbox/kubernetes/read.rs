//! Reading: one object, lists in pages, and the forms that `Accept` asks for.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};

use super::columns;
use super::convert;
use super::failure::Failure;
use super::resources::Resource;
use super::select::Selector;
use super::store::{Key, Store};
use super::table;
use super::versions;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The objects themselves.
    Plain,
    /// Rows and columns; with whole objects in them or not.
    Table {
        /// What stands in a row's `object`: `None`, `Metadata` or `Object`.
        include: Include,
        /// The version of the table's own kind.
        version: &'static str,
    },
    /// Only metadata.
    Metadata,
}

/// What stands in a row's `object`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Include {
    /// Nothing.
    Nothing,
    /// `PartialObjectMetadata`.
    Metadata,
    /// The object.
    Object,
}

/// Reads the form from `Accept`: the first entry that is known decides.
pub fn form(accept: &str, include: &str) -> Form {
    for entry in accept.split(',') {
        let words: Vec<&str> = entry.split(';').map(str::trim).collect();
        if words.contains(&"as=Table") {
            let include = match include {
                "None" => Include::Nothing,
                "Object" => Include::Object,
                _ => Include::Metadata,
            };
            let version = if words.contains(&"v=v1beta1") { "v1beta1" } else { "v1" };
            return Form::Table { include, version };
        }
        if words.iter().any(|word| word.starts_with("as=PartialObjectMetadata")) {
            return Form::Metadata;
        }
        if words.len() == 1 && matches!(words[0], "application/json" | "*/*") {
            return Form::Plain;
        }
    }
    Form::Plain
}

/// Brings one object into a form.
pub fn shaped(form: Form, resource: &Resource, object: &Json, now: jiff::Timestamp) -> Json {
    match form {
        Form::Plain => versions::outward(resource, object),
        Form::Table { include, version: own } => {
            let version = object["metadata"]["resourceVersion"].clone();
            let metadata = json!({"resourceVersion": version});
            table::table(resource, &[object], include, metadata, now, own)
        }
        Form::Metadata => metadata_only(&versions::outward(resource, object)),
    }
}

/// Gives an object's metadata as an object of its own.
pub fn metadata_only(object: &Json) -> Json {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"]})
}

/// What to list.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The namespace; all where there is none.
    pub namespace: Option<String>,
    /// What is let through.
    pub selector: Selector,
    /// So many at most; all for nought.
    pub limit: usize,
    /// Where the last page ended.
    pub from: String,
}

/// Lists objects.
///
/// # Errors
/// A continuation that this server did not give.
pub fn list(
    store: &Store,
    resource: &Resource,
    wanted: &Wanted,
    form: Form,
) -> Result<Json, Failure> {
    let after = match wanted.from.as_str() {
        "" => None,
        token => Some(place(token)?),
    };
    let version = after.as_ref().map_or(store.revision, |(_, _, version)| *version);
    let all = standing(store, resource, wanted.namespace.as_deref(), version)?;
    let mut found: Vec<(&Key, &Json)> = all
        .into_iter()
        .filter(|(key, object)| {
            let past = after
                .as_ref()
                .is_none_or(|(namespace, name, _)| (&key.namespace, &key.name) > (namespace, name));
            past && wanted.selector.matches(object)
        })
        .collect();
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if wanted.limit > 0 && found.len() > wanted.limit {
        let left = found.len() - wanted.limit;
        found.truncate(wanted.limit);
        if let Some((key, _)) = found.last() {
            let token = json!({"v": "meta.k8s.io/v1", "rv": version,
                "start": [key.namespace, key.name]});
            metadata["continue"] = json!(URL_SAFE_NO_PAD.encode(token.to_string()));
        }
        if wanted.selector.is_empty() {
            metadata["remainingItemCount"] = json!(left);
        }
    }
    let objects: Vec<&Json> = found.into_iter().map(|(_, object)| object).collect();
    let outward: Vec<Json>;
    let api_version = resource.api_version();
    let other = resource.custom && objects.iter().any(|one| one["apiVersion"] != *api_version);
    let objects = match form {
        Form::Plain | Form::Metadata if other || versions::is_other(resource) => {
            let all = objects.iter().map(|object| convert::outward(store, resource, object));
            outward = all.collect::<Result<Vec<Json>, Failure>>()?;
            outward.iter().collect()
        }
        _ => objects,
    };
    Ok(match form {
        Form::Table { include, version } => {
            let mut table = table::table(resource, &objects, include, metadata, store.now, version);
            columns::lay(&mut table, &columns::of(store, resource), &objects, store.now);
            table
        }
        Form::Metadata => json!({"kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "items": objects.into_iter().map(metadata_only).collect::<Vec<_>>()}),
        Form::Plain => {
            let items = objects.into_iter().map(|object| item(resource, object));
            let items: Vec<Json> = items.collect();
            if resource.custom && metadata.get("continue").is_none() {
                metadata["continue"] = json!("");
            }
            json!({"kind": format!("{}List", resource.kind),
                "apiVersion": resource.api_version(), "metadata": metadata, "items": items})
        }
    })
}

/// Gives an object as an item of a list: the list says of which kind they are.
fn item(resource: &Resource, object: &Json) -> Json {
    let mut object = object.clone();
    if !resource.is_custom()
        && let Some(fields) = object.as_object_mut()
    {
        fields.shift_remove("apiVersion");
        fields.shift_remove("kind");
    }
    object
}

/// Gives a type's objects as they stood at a version.
fn standing<'s>(
    store: &'s Store,
    resource: &Resource,
    namespace: Option<&str>,
    version: u64,
) -> Result<BTreeMap<&'s Key, &'s Json>, Failure> {
    let known = store.changes.front().map_or(store.revision, |change| change.revision);
    if version < store.revision && version + 1 < known {
        return Err(Failure::expired(
            "The provided continue parameter is too old to display a consistent list result. You \
             must start a new list without the continue parameter.",
        ));
    }
    let mut objects: BTreeMap<&Key, &Json> = store.list(resource, namespace).collect();
    let newer = store.changes.iter().rev().take_while(|change| change.revision > version);
    for change in newer {
        let mine = change.key.group == resource.group
            && change.key.plural == resource.plural
            && namespace.is_none_or(|namespace| change.key.namespace == namespace);
        match &change.before {
            _ if !mine => {}
            Some(before) => {
                objects.insert(&change.key, before);
            }
            None => {
                objects.remove(&change.key);
            }
        }
    }
    Ok(objects)
}

fn place(token: &str) -> Result<(String, String, u64), Failure> {
    let bad = |why: String| {
        Failure::bad_request(format!("invalid continue token: continue key is not valid: {why}"))
    };
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| {
        let at = token.find(|c| !letter(c)).unwrap_or(token.len());
        bad(format!("illegal base64 data at input byte {at}"))
    })?;
    let parsed: Json = serde_json::from_slice(&bytes).map_err(|_| {
        let first = bytes.first().copied().unwrap_or_default();
        bad(format!("invalid character '\\u{first:04x}' looking for beginning of value"))
    })?;
    let word = |at: usize| {
        let missing = || bad("no such key".to_owned());
        parsed["start"][at].as_str().map(str::to_owned).ok_or_else(missing)
    };
    Ok((word(0)?, word(1)?, parsed["rv"].as_u64().unwrap_or(0)))
}
