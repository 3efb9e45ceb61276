//! Reading: one object, lists in pages, and the forms that `Accept` asks for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::resources::Resource;
use super::select::Selector;
use super::store::{Key, Store};
use super::table;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The objects themselves.
    Plain,
    /// Rows and columns; with whole objects in them or not.
    Table {
        /// What stands in a row's `object`: `None`, `Metadata` or `Object`.
        include: Include,
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
            return Form::Table { include };
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
        Form::Plain => object.clone(),
        Form::Table { include } => {
            let version = object["metadata"]["resourceVersion"].clone();
            table::table(resource, &[object], include, json!({"resourceVersion": version}), now)
        }
        Form::Metadata => metadata_only(object),
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
    let mut found: Vec<(&Key, &Json)> = store
        .list(resource, wanted.namespace.as_deref())
        .filter(|(key, object)| {
            let past = after
                .as_ref()
                .is_none_or(|(namespace, name)| (&key.namespace, &key.name) > (namespace, name));
            past && wanted.selector.matches(object)
        })
        .collect();
    let mut metadata = json!({"resourceVersion": store.revision.to_string()});
    if wanted.limit > 0 && found.len() > wanted.limit {
        let left = found.len() - wanted.limit;
        found.truncate(wanted.limit);
        if let Some((key, _)) = found.last() {
            let token = json!({"v": "meta.k8s.io/v1", "rv": store.revision,
                "start": [key.namespace, key.name]});
            metadata["continue"] = json!(URL_SAFE_NO_PAD.encode(token.to_string()));
        }
        if wanted.selector.is_empty() {
            metadata["remainingItemCount"] = json!(left);
        }
    }
    let objects: Vec<&Json> = found.into_iter().map(|(_, object)| object).collect();
    Ok(match form {
        Form::Table { include } => table::table(resource, &objects, include, metadata, store.now),
        Form::Metadata => json!({"kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "items": objects.into_iter().map(metadata_only).collect::<Vec<_>>()}),
        Form::Plain => {
            let items: Vec<Json> = objects.into_iter().cloned().collect();
            json!({"kind": format!("{}List", resource.kind),
                "apiVersion": resource.api_version(), "metadata": metadata, "items": items})
        }
    })
}

fn place(token: &str) -> Result<(String, String), Failure> {
    let bad = || Failure::bad_request("continue key is not valid");
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| bad())?;
    let token: Json = serde_json::from_slice(&bytes).map_err(|_| bad())?;
    let word = |at: usize| token["start"][at].as_str().map(str::to_owned).ok_or_else(bad);
    Ok((word(0)?, word(1)?))
}
