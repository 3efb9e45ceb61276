//! Google Cloud, natively: resource files, and hooks for what they cannot say.

pub mod settings;
pub mod resources;
pub mod hooks;
pub mod own;
pub mod described;
pub mod permissions;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;
use tokio::sync::Mutex;

use crate::addr::Mode;
use crate::auth::google::GoogleTokens;
use crate::diag::Diagnostic;
use crate::http::client::{Client, Transport};
use crate::http::{HeaderMap, HeaderValue};
use crate::providers::permission::{Doing, Permission};
use crate::providers::rest::api::Api;
use crate::providers::rest::catalog::Catalog;
use crate::providers::rest::claims::Claims;
use crate::providers::rest::job::protected;
use crate::providers::rest::json::set_dotted;
use crate::providers::rest::minimal::{above, is_listed, minimal};
use crate::providers::rest::plan::{Defaults, plan};
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::Spec;
use crate::providers::rest::template::text_at;
use crate::providers::rest::together::Together;
use crate::providers::rest::validate::{problem, validate};
use crate::providers::{
    ApiError, ApiErrorKind, PlanRequest, Planned, Problem, Provider, Session, TokenSource, World,
};
use crate::schema::Schema;
use crate::value::{Marks, Path, Type, Value};

/// Makes the provider `hashicorp/google`.
///
/// # Errors
/// A resource file is wrong. Files are read when they are first asked for, so that a start costs nothing:
/// [`Google::check`] reads all.
pub fn google() -> Result<Arc<dyn Provider>, Vec<Diagnostic>> {
    Ok(Arc::new(Google::new()))
}

/// Makes the provider with the environment's help: what a provider block leaves out (the project, the region) is
/// known when a plan is made. `own` are the types that the user describes ([`own::own_types`]).
pub fn google_in(world: &World, own: Vec<Spec>) -> Arc<dyn Provider> {
    Arc::new(in_world(world, own))
}

/// Makes the provider `hashicorp/google-beta` as [`google_in`] does: it has what is still tried out, and asks for it at
/// addresses of its own.
pub fn google_beta_in(world: &World, own: Vec<Spec>) -> Arc<dyn Provider> {
    Arc::new(in_world(world, own).beta())
}

fn in_world(world: &World, own: Vec<Spec>) -> Google {
    let catalog = Arc::new(files().with_own(own));
    Google { world: Some(world.clone()), catalog, transport: None, is_beta: false }
}

fn files() -> Catalog {
    Catalog::new(resources::RESOURCES, resources::SHARED, resources::HOOKS)
}

/// The provider.
pub struct Google {
    world: Option<World>,
    catalog: Arc<Catalog>,
    transport: Option<Arc<dyn Transport>>,
    is_beta: bool,
}

impl Default for Google {
    fn default() -> Google {
        Google::new()
    }
}

impl Google {
    /// Makes the provider; it sends over the network.
    pub fn new() -> Google {
        Google { catalog: Arc::new(files()), transport: None, world: None, is_beta: false }
    }

    /// Makes the provider with what is still tried out.
    ///
    /// # Panics
    /// The catalog is in use already.
    #[must_use]
    pub fn beta(self) -> Google {
        let catalog = Arc::into_inner(self.catalog).expect("a new provider's catalog is its own");
        Google { catalog: Arc::new(catalog.with_beta(resources::BETA)), is_beta: true, ..self }
    }

    /// Makes the provider with another way to send: a sandbox in the same process.
    pub fn over(transport: Arc<dyn Transport>) -> Google {
        Google { transport: Some(transport), ..Google::new() }
    }

    /// Reads all resource files.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self) -> Result<(), Vec<Diagnostic>> {
        self.catalog.check()
    }

    /// Gives the resource files.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Gives the address of each service, of those as well that only the user's types speak to.
    fn bases(&self, config: &Value, world: &World) -> BTreeMap<String, String> {
        let mut bases = settings::bases(config, world);
        if self.is_beta {
            settings::tried_out(&mut bases);
        }
        for spec in self.catalog.own() {
            let Some(base) = &spec.base else { continue };
            let base = settings::in_world(&spec.service, base, config, world);
            bases.entry(spec.service.clone()).or_insert(base);
        }
        bases
    }

    /// Fills in a provider block from the environment, where that is known.
    fn complete(&self, config: &Value) -> Value {
        let config = config.without_marks();
        match &self.world {
            Some(world) => settings::complete(&config, world),
            None => config,
        }
    }

    /// Makes a session of our own kind.
    ///
    /// # Errors
    /// The configuration is not known.
    pub fn session(&self, config: &Value, world: &World) -> Result<RestSession, Box<Diagnostic>> {
        let config = config.without_marks();
        let logins = settings::logins(&config);
        if logins.len() > 1 {
            let names: Vec<String> = logins.iter().map(|name| format!("\"{name}\"")).collect();
            let detail = format!("Only one of {} can be given.", names.join(", "));
            return Err(Box::new(Diagnostic::error("Conflicting credentials", detail)));
        }
        let config = settings::complete(&config, world);
        if let Some(name) = ["access_token", "credentials"]
            .iter()
            .find(|name| config.field(name).is_some_and(|value| !value.is_known()))
        {
            let detail = format!("The provider's \"{name}\" is known only after apply.");
            return Err(Box::new(Diagnostic::error("Provider configuration not known", detail)));
        }
        let timeout = settings::duration(&config, "request_timeout", 120);
        let agent = format!("Terrane/{} (+native google provider)", world.version);
        let transport =
            self.transport.clone().unwrap_or_else(|| Arc::new(Client::new(agent).timeout(timeout)));
        let tokens = GoogleTokens::new(
            settings::wish(&config, world),
            transport.clone(),
            world.clock.clone(),
        );
        let api = Api {
            transport,
            tokens: Arc::new(Tokens(tokens)),
            bases: self.bases(&config, world),
            root: settings::in_world("{}", "https://{}.googleapis.com/", &config, world),
            clock: world.clock.clone(),
            headers: headers(&config),
            permissions: permissions::of_call,
            poll: settings::duration(&config, "poll_interval", 10),
            pace: world.pace.clone(),
            locks: Mutex::default(),
            reached: std::sync::Mutex::default(),
        };
        Ok(RestSession {
            api,
            catalog: self.catalog.clone(),
            defaults: Defaults { root: world.root.clone(), ..settings::defaults(&config) },
            world: world.clone(),
            together: Together::default(),
            claims: Claims::default(),
        })
    }
}

fn headers(config: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut add = |name: &'static str, text: Option<String>| {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(name, value);
        }
    };
    add("x-goog-request-reason", text_at(config, "request_reason"));
    if config.field("user_project_override").and_then(Value::as_bool) == Some(true) {
        add(
            "x-goog-user-project",
            text_at(config, "billing_project").or_else(|| text_at(config, "project")),
        );
    }
    headers
}

struct Tokens(GoogleTokens);

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self) -> Result<String, ApiError> {
        self.0.token().await.map_err(|error| {
            ApiError::new(ApiErrorKind::Unauthenticated, "No credentials for Google Cloud", error.to_string()).help(
                "Run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS or \
                 GOOGLE_OAUTH_ACCESS_TOKEN, or give `credentials` in the provider block. To try without an account: \
                 -sandbox.",
            )
            .root("no credentials for Google Cloud")
        })
    }
}

impl Provider for Google {
    fn source(&self) -> &str {
        "hashicorp/google"
    }

    fn schema(&self) -> Arc<Schema> {
        Arc::new(settings::schema())
    }

    fn type_names(&self, mode: Mode) -> Vec<String> {
        self.catalog.names(mode)
    }

    fn resource(&self, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        self.catalog.entry(mode, type_name).map(|entry| entry.schema.clone())
    }

    fn validate(&self, mode: Mode, type_name: &str, config: &Value) -> Vec<Problem> {
        let Some(entry) = self.catalog.entry(mode, type_name) else { return Vec::new() };
        let mut problems = validate(&entry.spec, config);
        let own = self.catalog.hook(&entry.spec).validate(&config.without_marks());
        problems.extend(own.into_iter().map(|problem| discreet(problem, config)));
        problems
    }

    fn plan(&self, request: &PlanRequest<'_>) -> Planned {
        let Some(entry) = self.catalog.entry(Mode::Managed, request.type_name) else {
            let after = request.proposed.clone();
            return Planned {
                after,
                replaces: Vec::new(),
                problems: Vec::new(),
                notes: Vec::new(),
            };
        };
        let root = self.world.as_ref().map(|world| world.root.clone()).unwrap_or_default();
        let defaults = settings::defaults(&self.complete(request.provider));
        let defaults = Defaults { root, ..defaults };
        plan(&self.catalog, &entry.spec, self.catalog.hook(&entry.spec), &defaults, request)
    }

    fn resumes(&self, type_name: &str) -> bool {
        let entry = self.catalog.entry(Mode::Managed, type_name);
        entry.is_some_and(|entry| entry.spec.rests.is_some())
    }

    fn check_delete(&self, type_name: &str, prior: &Value) -> Option<Problem> {
        self.catalog.entry(Mode::Managed, type_name)?;
        let (path, why) = protected(prior)?;
        Some(problem(&path, "Protected from removal", why))
    }

    fn serves(&self, type_name: &str, value: &Value) -> Option<u32> {
        let entry = self.catalog.entry(Mode::Managed, type_name)?;
        let versions = entry.spec.serves.iter().filter_map(|name| value.field(name)?.as_str());
        // A cluster that is being upgraded is still told as it was.
        versions.filter_map(|version| version.split('.').nth(1)?.parse().ok()).max()
    }

    fn inside(&self, type_name: &str, value: &Value) -> Vec<(String, String)> {
        let Some(entry) = self.catalog.entry(Mode::Managed, type_name) else { return Vec::new() };
        let named =
            entry.spec.inside.iter().filter_map(|(of, id)| Some((of, id.from_value(value)?)));
        named.map(|(of, id)| (of.clone(), id)).collect()
    }

    fn holds(&self, type_name: &str, whole: &Value) -> bool {
        let entry = self.catalog.entry(Mode::Managed, type_name);
        let attribute = entry.as_ref().and_then(|entry| entry.spec.goes_if.as_deref());
        attribute.is_some_and(|name| whole.field(name).and_then(Value::as_bool) != Some(true))
    }

    fn permissions(
        &self,
        mode: Mode,
        type_name: &str,
        config: &Value,
        provider: &Value,
        doing: Doing,
    ) -> Vec<Permission> {
        let Some(entry) = self.catalog.entry(mode, type_name) else { return Vec::new() };
        let defaults = settings::defaults(&self.complete(provider));
        permissions::needed(&entry.spec, &defaults, config, doing)
    }

    fn discovers(&self) -> BTreeMap<String, Vec<String>> {
        let names = self.catalog.names(Mode::Managed).into_iter();
        let entries = names.filter_map(|name| self.catalog.entry(Mode::Managed, &name));
        let listed = entries.filter(|entry| is_listed(&entry.spec));
        listed
            .map(|entry| (entry.spec.type_name.clone(), above(&entry.spec).into_keys().collect()))
            .collect()
    }

    fn undiscovered(&self) -> BTreeMap<String, String> {
        let names = self.catalog.names(Mode::Managed).into_iter();
        let entries = names.filter_map(|name| self.catalog.entry(Mode::Managed, &name));
        let never = entries.filter_map(|entry| {
            Some((entry.spec.type_name.clone(), entry.spec.discover.as_ref()?.never.clone()?))
        });
        never.collect()
    }

    fn held_by(&self, type_name: &str) -> BTreeMap<String, Vec<String>> {
        let entry = self.catalog.entry(Mode::Managed, type_name);
        let discover = entry.and_then(|entry| entry.spec.discover.clone());
        discover.map(|discover| discover.held_by).unwrap_or_default()
    }

    fn minimal(&self, type_name: &str, found: &Value, provider: &Value) -> Value {
        let Some(entry) = self.catalog.entry(Mode::Managed, type_name) else {
            return found.clone();
        };
        let defaults = settings::defaults(&self.complete(provider));
        minimal(&entry.spec, &entry.schema.empty(), &defaults, found)
    }

    fn upgrade(&self, type_name: &str, version: u64, attributes: Json) -> Result<Json, String> {
        Ok(upgraded(type_name, version, attributes))
    }

    fn is_one(&self, _type_name: &str) -> bool {
        true
    }

    fn import(&self, type_name: &str, id: &str, provider_config: &Value) -> Result<Value, String> {
        let entry =
            self.catalog.entry(Mode::Managed, type_name).ok_or("there is no such resource type")?;
        let defaults = settings::defaults(&self.complete(provider_config));
        let found = imported(&entry.spec, &entry.schema, id, |name| {
            let part = entry.spec.part(name)?;
            defaults.fill(part.fill.as_deref()?).and_then(Value::as_str).map(str::to_string)
        });
        found.map(|value| self.catalog.hook(&entry.spec).imported(value))
    }

    fn configure(
        &self,
        config: &Value,
        world: &World,
    ) -> Result<Arc<dyn Session>, Box<Diagnostic>> {
        Ok(Arc::new(self.session(config, world)?))
    }
}

/// Gives a problem that does not tell what is wrong with a secret, which would show it.
fn discreet(problem: Problem, config: &Value) -> Problem {
    let steps = &problem.path.0;
    let around = (0..=steps.len()).filter_map(|length| config.at(&Path(steps[..length].to_vec())));
    let hidden = around.map(Value::marks).any(Marks::any);
    let inside = config.at(&problem.path).is_some_and(|value| value.all_marks().any());
    if !(hidden || inside) || steps.is_empty() {
        return problem;
    }
    let detail =
        "What is given here is not right. It is sensitive, so what is wrong with it is not told.";
    Problem { detail: detail.into(), help: Vec::new(), ..problem }
}

/// Takes an import id apart by the first of the file's forms that fits.
fn imported(
    spec: &Spec,
    schema: &Schema,
    id: &str,
    fill: impl Fn(&str) -> Option<String>,
) -> Result<Value, String> {
    // A link names the object by what stands after the service and its version.
    let below = id.find("://").and_then(|at| Some(at + id[at..].find("/projects/")? + 1));
    let path = below.map_or(id, |at| &id[at..]);
    for form in &spec.import {
        let Some(mut found) = form.take_apart(path) else { continue };
        for part in spec.parts.iter().filter(|part| part.fill.is_some()) {
            if !found.contains_key(&part.name)
                && let Some(text) = fill(&part.name)
            {
                found.insert(part.name.clone(), text);
            }
        }
        return Ok(filled(spec, schema, found));
    }
    let forms = spec.import.iter().map(|form| format!("`{form}`")).collect::<Vec<_>>().join(", ");
    Err(format!("The id \"{id}\" has none of the forms {forms}."))
}

fn filled(spec: &Spec, schema: &Schema, found: BTreeMap<String, String>) -> Value {
    let mut value = schema.empty();
    for (name, text) in found {
        if let Some((block, attribute)) = name.split_once('.') {
            if let Some(part) = spec.part(block)
                && let Some(inside) = part.inside()
            {
                let element =
                    Value::object(inside.iter().map(|part| (part.name.as_str(), part.absent())));
                let element = element.with_field(attribute, Value::string(text));
                let ty = element.ty();
                value = value.with_field(block, Value::list(ty, vec![element]));
            }
        } else {
            value = value.with_field(&name, Value::string(text));
        }
    }
    for (name, set) in &spec.import_sets {
        value = value.with_field(name, set.clone());
    }
    let id = spec.id.from_value(&value);
    match id {
        Some(id) => value.with_field("id", Value::string(id)),
        None => value.with_field("id", Value::null(Type::String)),
    }
}

/// Labels that Dataplex has put on a bucket are none of the configuration's.
fn labels_of_dataplex(bucket: &mut Json) {
    let Some(all) = bucket["labels"].as_object().cloned() else { return };
    let own = all.iter().filter(|(name, _)| !name.starts_with("goog-dataplex"));
    bucket["labels"] = Json::Object(own.map(|(name, text)| (name.clone(), text.clone())).collect());
    bucket["effective_labels"] = Json::Object(all);
}

/// A place had two names, as it was a zone or a region.
fn located(object: &mut Json) {
    let place = ["zone", "region"].map(|name| object[name].clone());
    let place = place.into_iter().find(|place| place.as_str().is_some_and(|it| !it.is_empty()));
    if let Some(place) = place.filter(|_| object["location"].is_null()) {
        object["location"] = place;
    }
}

/// Brings attributes of older schema versions to the present one.
fn upgraded(type_name: &str, version: u64, attributes: Json) -> Json {
    let mut attributes = attributes;
    if !attributes.is_object() {
        return attributes;
    }
    type Upgrade = fn(&mut Json);
    const UPGRADES: &[(&str, u64, Upgrade)] = &[
        ("google_container_cluster", 1, |cluster| {
            located(cluster);
            if cluster["node_locations"].as_array().is_none_or(Vec::is_empty)
                && cluster["additional_zones"].is_array()
            {
                cluster["node_locations"] = cluster["additional_zones"].clone();
            }
        }),
        ("google_container_cluster", 2, |cluster| {
            set_dotted(cluster, "deletion_protection", true.into())
        }),
        ("google_container_node_pool", 1, |pool| {
            located(pool);
            let words = ["location", "cluster", "name"].map(|name| pool[name].as_str());
            if let [Some(location), Some(cluster), Some(name)] = words {
                pool["id"] = format!("{location}/{cluster}/{name}").into();
            }
        }),
        ("google_storage_bucket", 1, labels_of_dataplex),
        ("google_storage_bucket", 3, |bucket| {
            let rules = bucket.get_mut("lifecycle_rule").and_then(Json::as_array_mut);
            for condition in
                rules.into_iter().flatten().filter_map(|rule| rule.pointer_mut("/condition/0"))
            {
                condition["send_age_if_zero"] = false.into();
            }
        }),
        ("google_storage_bucket", 4, |bucket| {
            if let Some(period) = bucket.pointer_mut("/retention_policy/0/retention_period")
                && period.is_number()
            {
                *period = period.to_string().into();
            }
        }),
    ];
    for (name, until, upgrade) in UPGRADES {
        if *name == type_name && version < *until {
            upgrade(&mut attributes);
        }
    }
    attributes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn attributes_of_each_older_version_become_those_of_the_present_one() {
        for (type_name, version, before, after) in [
            ("google_container_cluster", 1, json!({}), json!({"deletion_protection": true})),
            ("google_container_cluster", 2, json!({}), json!({})),
            (
                "google_container_node_pool",
                0,
                json!({"zone": "eu-a"}),
                json!({"zone": "eu-a", "location": "eu-a"}),
            ),
            (
                "google_container_node_pool",
                0,
                json!({"id": "c-n", "zone": "", "region": "eu", "cluster": "c", "name": "n"}),
                json!({
                    "id": "eu/c/n", "zone": "", "region": "eu", "cluster": "c", "name": "n", "location": "eu",
                }),
            ),
            (
                "google_container_node_pool",
                1,
                json!({"id": "x", "zone": "eu-a", "cluster": "c", "name": "n"}),
                json!({"id": "x", "zone": "eu-a", "cluster": "c", "name": "n"}),
            ),
            (
                "google_container_cluster",
                0,
                json!({"zone": "eu-a", "additional_zones": ["eu-b", "eu-c"]}),
                json!({
                    "zone": "eu-a", "additional_zones": ["eu-b", "eu-c"], "location": "eu-a",
                    "node_locations": ["eu-b", "eu-c"], "deletion_protection": true,
                }),
            ),
            (
                "google_container_cluster",
                0,
                json!({"location": "eu", "node_locations": ["eu-a"], "additional_zones": ["eu-b"]}),
                json!({
                    "location": "eu", "node_locations": ["eu-a"], "additional_zones": ["eu-b"],
                    "deletion_protection": true,
                }),
            ),
            (
                "google_storage_bucket",
                0,
                json!({"labels": {"goog-dataplex-lake-id": "l", "a": "b"}}),
                json!({
                    "labels": {"a": "b"},
                    "effective_labels": {"goog-dataplex-lake-id": "l", "a": "b"},
                }),
            ),
            (
                "google_storage_bucket",
                2,
                json!({"lifecycle_rule": [{"condition": [{"age": 3, "send_age_if_zero": true}]}]}),
                json!({"lifecycle_rule": [{"condition": [{"age": 3, "send_age_if_zero": false}]}]}),
            ),
            (
                "google_storage_bucket",
                3,
                json!({"retention_policy": [{"retention_period": 60}]}),
                json!({"retention_policy": [{"retention_period": "60"}]}),
            ),
        ] {
            let found = upgraded(type_name, version, before);

            assert_eq!(found, after, "{type_name} {version}");
        }
    }
}
