//! `ephemeral "kubernetes_secret_v1"`: a Secret that is read in each run and kept nowhere.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::providers::{ApiError, ApiErrorKind};
use crate::schema::{BlockKind, Field, Given, Schema};
use crate::value::{Type, Value};

use super::client::Cluster;

/// The type's name.
pub(super) const TYPE: &str = "kubernetes_secret_v1";

/// Gives the schema.
pub(super) fn schema() -> Schema {
    let text = |given| Field::attribute(Type::String, given);
    let texts = || Field::attribute(Type::map(Type::String), Given::Service).sensitive();
    let named = |fields: Vec<(&str, Field)>| -> BTreeMap<String, Field> {
        fields.into_iter().map(|(name, field)| (name.to_string(), field)).collect()
    };
    let metadata =
        named(vec![("name", text(Given::Required)), ("namespace", text(Given::Optional))]);
    let mut fields = named(vec![
        ("metadata", Field::block(BlockKind::Single, 1, Some(1), metadata)),
        ("data", texts()),
        ("binary_data", texts()),
        ("type", text(Given::Service)),
        ("immutable", Field::attribute(Type::Bool, Given::Service)),
    ]);
    fields.values_mut().for_each(|field| field.never_kept = true);
    Schema { fields, ..Schema::default() }
}

/// Reads the Secret: `data` has the values that are text, `binary_data` all of them as base64.
///
/// # Errors
/// There is no such Secret, or the cluster does not give it.
pub(super) async fn open(cluster: &Cluster, config: &Value) -> Result<Value, ApiError> {
    let config = config.without_marks();
    let metadata = config.field("metadata");
    let text = |name: &str| {
        let value = metadata.and_then(|block| block.field(name)).and_then(Value::as_str);
        value.filter(|text| !text.is_empty()).map(String::from)
    };
    let Some(name) = text("name") else {
        let detail = "The `metadata` block has no `name`: that of the Secret.";
        return Err(ApiError::new(ApiErrorKind::Invalid, "Missing name", detail));
    };
    let namespace = text("namespace").unwrap_or_else(|| "default".into());
    let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
    let live = cluster.get(&path).await.map_err(|refusal| {
        let mut error = ApiError::from(refusal);
        if error.kind == ApiErrorKind::NotFound {
            error.detail = format!("There is no Secret \"{namespace}/{name}\" in the cluster.");
        }
        error
    })?;
    let (mut plain, mut encoded) = (Vec::new(), Vec::new());
    for (key, value) in live["data"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        encoded.push((key.as_str(), Value::string(value)));
        let bytes = BASE64.decode(value).unwrap_or_default();
        if let Ok(text) = String::from_utf8(bytes) {
            plain.push((key.as_str(), Value::string(text)));
        }
    }
    let kind = live["type"].as_str().unwrap_or("Opaque");
    Ok(config
        .with_field("data", Value::map(Type::String, plain).sensitive())
        .with_field("binary_data", Value::map(Type::String, encoded).sensitive())
        .with_field("type", Value::string(kind))
        .with_field("immutable", Value::bool(live["immutable"] == true)))
}
