//! The Kubernetes provider: every resource type by the same code, from tables.
//!
//! Only what the configuration writes is owned, compared and sent. Objects are written by
//! server-side apply; a plan made before the cluster exists is checked against bundled definitions.

mod tables;
mod derived;
mod token;
mod certificate;
mod definitions;
mod schema;
mod equal;
mod memory;
mod place;
mod object;
mod observe;
mod planning;
mod rules;
mod check;
mod client;
mod discovery;
mod connection;
mod conflict;
mod apply;
mod tried;
mod ceded;
mod ready;
mod evidence;
mod job_logs;
mod hopeless;
mod wait;
mod act;
mod data;
mod queries;
mod secret;
mod handed;
mod session;
mod kubeconfig;
mod reach;
mod whole_kubeconfig;
mod left;
mod history;
mod follow;
mod strays;
mod outside;
mod parts;
mod taken;
mod upgrade;
mod manifest;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod laws_of_derived;

pub(super) use self::act::is_claim_of;
pub(super) use self::connection::NO_CLUSTER;
pub(super) use self::handed::{Handed, Place};
pub use self::kubeconfig::kubeconfig;
pub(super) use self::manifest::namespace_name;
pub(super) use self::outside::{claims_stay, makes_outside};
pub(super) use self::reach::{Reach, block, place_of, private};

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use serde_json::Value as Json;

use crate::addr::Mode;
use crate::diag::Diagnostic;
use crate::schema::Schema;
use crate::value::{Fields, Kind as Content, Value};

use self::memory::Memory;
use self::tables::{Way, tables};
use super::{OFFLINE, Observed, PlanRequest, Planned, Problem, Provider, Session, World};

/// Data sources: those of a kind that has one, by the resource type's name.
const DATA: &[&str] = &[
    "kubernetes_config_map_v1",
    "kubernetes_endpoint_slice_v1",
    "kubernetes_endpoints_v1",
    "kubernetes_ingress",
    "kubernetes_ingress_v1",
    "kubernetes_mutating_webhook_configuration_v1",
    "kubernetes_namespace_v1",
    "kubernetes_persistent_volume_claim_v1",
    "kubernetes_persistent_volume_v1",
    "kubernetes_pod_v1",
    "kubernetes_secret_v1",
    "kubernetes_service_account_v1",
    "kubernetes_service_v1",
    "kubernetes_storage_class_v1",
];

/// Gives the provider.
pub fn kubernetes() -> Arc<dyn Provider> {
    Arc::new(Kubernetes)
}

struct Kubernetes;

/// The schemas by type name, each made when it is first asked for: a pod's is large.
type Schemas = BTreeMap<String, OnceLock<Arc<Schema>>>;

static RESOURCES: LazyLock<Schemas> = LazyLock::new(|| {
    named(tables().kinds.keys().map(String::as_str).chain([manifest::ONE, manifest::MANY]))
});

static DATA_SOURCES: LazyLock<Schemas> =
    LazyLock::new(|| named(DATA.iter().copied().chain(queries::NAMES)));

/// Gives a place for each name and for each alias of one.
fn named<'a>(names: impl Iterator<Item = &'a str>) -> Schemas {
    let mut schemas: Schemas = names.map(|name| (name.to_string(), OnceLock::new())).collect();
    for (alias, name) in &tables().aliases {
        if schemas.contains_key(name) {
            schemas.insert(alias.clone(), OnceLock::new());
        }
    }
    schemas
}

fn schemas(mode: Mode) -> Option<&'static Schemas> {
    match mode {
        Mode::Managed => Some(&RESOURCES),
        Mode::Data => Some(&DATA_SOURCES),
        Mode::Ephemeral => None,
    }
}

impl Provider for Kubernetes {
    fn source(&self) -> &str {
        "hashicorp/kubernetes"
    }

    fn endpoint_argument(&self) -> Option<&str> {
        Some("host")
    }

    fn schema(&self) -> Arc<Schema> {
        static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(schema::provider()));
        SCHEMA.clone()
    }

    fn type_names(&self, mode: Mode) -> Vec<String> {
        match schemas(mode) {
            Some(schemas) => schemas.keys().cloned().collect(),
            None => vec![secret::TYPE.to_string(), token::TYPE.to_string()],
        }
    }

    fn resource(&self, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        if mode == Mode::Ephemeral {
            return match type_name {
                secret::TYPE => Some(Arc::new(secret::schema())),
                token::TYPE => Some(Arc::new(token::schema())),
                _ => None,
            };
        }
        let place = schemas(mode)?.get(type_name)?;
        if manifest::is_manifest(type_name) {
            return Some(place.get_or_init(|| Arc::new(manifest::schema_of(type_name))).clone());
        }
        if mode == Mode::Data && queries::NAMES.contains(&type_name) {
            return Some(place.get_or_init(|| Arc::new(queries::schema(type_name))).clone());
        }
        let kind = tables().kind(type_name)?;
        let make = || match mode {
            Mode::Data => schema::data(kind),
            Mode::Managed | Mode::Ephemeral => schema::resource(kind),
        };
        Some(place.get_or_init(|| Arc::new(make())).clone())
    }

    fn validate(&self, mode: Mode, type_name: &str, config: &Value) -> Vec<Problem> {
        if manifest::is_manifest(type_name) && mode == Mode::Managed {
            return manifest::validate(config);
        }
        match tables().kind(type_name) {
            Some(kind) if mode == Mode::Managed && config.is_known() => {
                check::check(kind, config, None)
            }
            _ => Vec::new(),
        }
    }

    fn plan(&self, request: &PlanRequest<'_>) -> Planned {
        if manifest::is_manifest(request.type_name) {
            return manifest::plan(request);
        }
        let Some(kind) = tables().kind(request.type_name) else {
            return Planned {
                after: request.proposed.clone(),
                replaces: Vec::new(),
                problems: Vec::new(),
                notes: Vec::new(),
            };
        };
        let memory = Memory::read(request.private);
        let (mut after, replaces) = planning::plan(kind, request.prior, &memory, request.config);
        let waits = memory.unready && replaces.is_empty() && request.prior.is_some();
        if waits {
            after = planning::touched(&after);
        }
        let changes =
            request.prior.is_none_or(|prior| prior.without_marks() != after.without_marks());
        let (mut problems, mut notes) = (Vec::new(), Vec::new());
        if waits {
            notes.push("it was not ready when it was last applied, and is waited for again".into());
        }
        if changes {
            if let Some((former, release)) = &kind.former {
                notes.push(format!(
                    "{former} is gone since Kubernetes {release}: the object is written as {}",
                    kind.api_version
                ));
            }
            // What was unknown to the first check may be known to this one.
            problems = check::check(kind, request.config, request.minor);
            if kind.way != Way::Part {
                notes.push(format!(
                    "{OFFLINE}bundled definitions of Kubernetes {}",
                    definitions::bundled().named(request.minor)
                ));
            }
        }
        Planned { after, replaces, problems, notes }
    }

    fn import(&self, type_name: &str, id: &str, _provider: &Value) -> Result<Value, String> {
        if manifest::is_manifest(type_name) {
            return manifest::import(type_name, id);
        }
        let kind =
            tables().kind(type_name).ok_or_else(|| format!("There is no type \"{type_name}\"."))?;
        match kind.way {
            Way::Token => {
                return Err(
                    "A token is given once and cannot be read again: there is nothing to import."
                        .into(),
                );
            }
            Way::Part => return parts::import(kind, type_name, id),
            Way::Whole | Way::Adopted | Way::Certificate => {}
        }
        let (namespace, name) = match id.split_once('/') {
            Some((namespace, name)) if kind.namespaced => (Some(namespace), name),
            None if !kind.namespaced => (None, id),
            _ => return Err(forms(kind)),
        };
        if name.is_empty() || name.contains('/') || namespace == Some("") {
            return Err(forms(kind));
        }
        let schema = schema::resource(kind);
        let mut value = schema.empty().with_field("id", Value::string(id));
        let metadata = kind.nodes.get("metadata").and_then(|node| node.block.as_deref());
        if let Some(nodes) = metadata {
            let fields: Fields = nodes
                .iter()
                .map(|(field, node)| {
                    let text = match field.as_str() {
                        "name" => Some(name),
                        "namespace" => namespace,
                        _ => None,
                    };
                    let absent = Value::null(schema::node_type(node));
                    (field.as_str().into(), text.map_or(absent, Value::string))
                })
                .collect();
            let block = Value::new(Content::Object(Arc::new(fields)));
            value =
                value.with_field("metadata", Value::list(schema::object_type(nodes), vec![block]));
        }
        Ok(value)
    }

    fn imported(&self, type_name: &str, found: Observed, config: &Value) -> Observed {
        let Some(kind) = tables().kind(type_name) else { return found };
        // How it is made and waited for is no part of the object.
        let outside = kind.nodes.iter().filter(|(_, node)| {
            node.api.is_none() && !node.wrapper && node.optional && !node.write_only
        });
        let names = outside.map(|(name, _)| name.as_str()).chain(["timeouts"]);
        let value = names.fold(found.value.clone(), |value, name| match config.field(name) {
            Some(given) if given.is_whole() && !given.is_null() && value.field(name).is_some() => {
                value.with_field(name, given.clone())
            }
            _ => value,
        });
        Observed { value, ..found }
    }

    fn offers(&self, type_name: &str, value: &Value) -> Vec<String> {
        manifest::offers(type_name, value)
    }

    fn wants(&self, type_name: &str, value: &Value) -> Vec<String> {
        manifest::wants(type_name, value)
    }

    fn requires(&self, type_name: &str, value: &Value) -> Vec<String> {
        manifest::requires(type_name, value)
    }

    fn lives_in(&self, type_name: &str, value: &Value) -> Vec<String> {
        manifest::requires(type_name, value)
    }

    fn leaves_behind(&self, type_name: &str, object: &Observed) -> bool {
        outside::leaves_behind(type_name, &object.value)
    }

    fn defines(&self, type_name: &str, value: &Value) -> Vec<(String, Value)> {
        manifest::defines(type_name, value)
    }

    fn configure(
        &self,
        config: &Value,
        world: &World,
    ) -> Result<Arc<dyn Session>, Box<Diagnostic>> {
        connection::connect(config, world)
    }

    fn upgrade(&self, type_name: &str, version: u64, attributes: Json) -> Result<Json, String> {
        if manifest::is_manifest(type_name) {
            return Ok(attributes);
        }
        match tables().kind(type_name) {
            Some(_) => Ok(upgrade::upgraded(type_name, version, attributes)),
            None => Err(format!("There is no type \"{type_name}\".")),
        }
    }
}

fn forms(kind: &tables::Kind) -> String {
    let form = if kind.namespaced { "NAMESPACE/NAME" } else { "NAME" };
    format!("The id of a {} has the form {form}.", kind.kind)
}
