//! `kubernetes_token_request_v1`: a token of a service account; asked for once as a resource, in each run where it is ephemeral.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::providers::{ApiError, ApiErrorKind, Failure, Observed};
use crate::schema::{BlockKind, Field, Given, Schema};
use crate::value::{Type, Value};

use super::act::Act;
use super::client::{Ask, Cluster};
use super::memory::Memory;
use super::object::{self, Name};
use super::observe::{Mode, observe};

/// The type's name.
pub(super) const TYPE: &str = "kubernetes_token_request_v1";

/// Gives the schema.
pub(super) fn schema() -> Schema {
    let attribute = |ty: Type, given: Given| Field::attribute(ty, given);
    let named = |fields: Vec<(&str, Field)>| -> BTreeMap<String, Field> {
        fields.into_iter().map(|(name, field)| (name.to_string(), field)).collect()
    };
    let block = |fields| Field::block(BlockKind::Single, 0, Some(1), fields);
    let text = |given| attribute(Type::String, given);
    let bound = ["api_version", "kind", "name", "uid"].map(|name| (name, text(Given::Optional)));
    let spec = named(vec![
        ("audiences", attribute(Type::list(Type::String), Given::OptionalOrService)),
        ("expiration_seconds", attribute(Type::Number, Given::OptionalOrService)),
        ("bound_object_ref", block(named(bound.to_vec()))),
    ]);
    let metadata =
        named(vec![("name", text(Given::Required)), ("namespace", text(Given::Required))]);
    let mut fields = named(vec![
        ("metadata", block(metadata)),
        ("spec", block(spec)),
        ("token", text(Given::OptionalOrService).sensitive()),
        ("expiration_timestamp", text(Given::OptionalOrService)),
    ]);
    fields.values_mut().for_each(|field| field.never_kept = true);
    Schema { version: 0, fields, ..Schema::default() }
}

/// Asks for a token.
pub(super) async fn open(cluster: &Cluster, config: &Value) -> Result<Value, ApiError> {
    let config = config.without_marks();
    let text = |block: Option<&Value>, name: &str| {
        let value = block.and_then(|block| block.field(name)).and_then(Value::as_str);
        value.filter(|text| !text.is_empty()).map(String::from)
    };
    let metadata = config.field("metadata");
    let Some(name) = text(metadata, "name") else {
        let detail = "The `metadata` block has no `name`: that of the service account.";
        return Err(ApiError::new(ApiErrorKind::Invalid, "Missing name", detail));
    };
    let namespace = text(metadata, "namespace").unwrap_or_else(|| "default".into());
    let request = json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "metadata": { "name": name, "namespace": namespace },
        "spec": wish(config.field("spec").filter(|spec| !spec.is_null())),
    });
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
    let body = Some(("application/json", request.to_string()));
    let ask = Ask { method: Method::POST, path: &path, body, attempts: 3 };
    let answer = cluster.send(ask).await.map_err(ApiError::from)?;
    let told = |member: &str| {
        let text = answer.pointer(member).and_then(Json::as_str);
        text.map_or_else(|| Value::null(Type::String), Value::string)
    };
    Ok(config
        .with_field("token", told("/status/token").sensitive())
        .with_field("expiration_timestamp", told("/status/expirationTimestamp")))
}

/// Asks for a token that the state keeps.
///
/// # Errors
/// What the server answered instead: that there is no such account, as a rule.
pub(super) async fn make(
    act: &Act<'_>,
    planned: &Value,
    config: &Value,
) -> Result<Observed, Failure> {
    let name = Name::of(act.kind, config).ok_or_else(|| act.nameless())?;
    let Name { namespace, name: account } = &name;
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
    let request = object::intent(act.kind, config, Some(&name));
    let call = act.desk.intent(&format!("POST {path}"), act.identity(&name)).await?;
    let body = Some(("application/json", request.to_string()));
    let ask = Ask { method: Method::POST, path: &path, body, attempts: 3 };
    let outcome = act.cluster.send(ask).await;
    act.desk.answer(call, if outcome.is_ok() { "created" } else { "refused" }).await;
    let answer = outcome.map_err(ApiError::from)?;
    let written = object::written(&act.kind.nodes, config).into_iter().collect();
    let memory = Memory { written: Some(written), ..Memory::default() };
    let value = observe(act.kind, Some(planned), &answer, Mode::Complete);
    Ok(Observed { value, private: memory.bytes() })
}

/// Gives the request's `spec`.
fn wish(spec: Option<&Value>) -> Json {
    let mut wish = json!({ "audiences": [] });
    let Some(spec) = spec else { return wish };
    let audiences = spec.field("audiences").and_then(Value::elements).unwrap_or_default();
    wish["audiences"] = audiences.iter().filter_map(Value::as_str).collect();
    if let Some(seconds) = spec.field("expiration_seconds").and_then(Value::as_i64) {
        wish["expirationSeconds"] = seconds.into();
    }
    let bound = spec.field("bound_object_ref").filter(|bound| !bound.is_null());
    for (attribute, member) in
        [("api_version", "apiVersion"), ("kind", "kind"), ("name", "name"), ("uid", "uid")]
    {
        let text = bound.and_then(|bound| bound.field(attribute)).and_then(Value::as_str);
        if let Some(text) = text {
            wish["boundObjectRef"][member] = text.into();
        }
    }
    wish
}
