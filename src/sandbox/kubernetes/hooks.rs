//! Admission webhooks: which of them a write concerns, and whether they can be reached.
//!
//! The sandbox is a function of requests and calls nobody. What it can say truly is that nobody would answer: the
//! Service is not there, or has no pod that is ready. A webhook behind which there is one lets everything pass
//! unchanged, and so does one with a `url`. Source: the API reference of `admissionregistration.k8s.io/v1` and a real
//! API server's words (`tests/server/cases/hooks.yaml`).

use serde_json::{Value as Json, json};

use super::cel::parse::parse;
use super::cel::value::{self, Value};
use super::cel::work_out::work_out;
use super::failure::Failure;
use super::resources::{self, Resource};
use super::select::label_selector_matches;
use super::store::{Store, items, name, namespace, text};

/// The two kinds of configurations, in the order in which they are asked.
pub const MUTATING: &str = "MutatingWebhookConfiguration";
/// The second kind.
pub const VALIDATING: &str = "ValidatingWebhookConfiguration";

/// A write, as webhooks are asked about it.
pub struct Wish<'w> {
    /// The type.
    pub resource: &'static Resource,
    /// The part that is written, if not the whole.
    pub subresource: Option<&'w str>,
    /// What stands there; none at a creation.
    pub old: Option<&'w Json>,
    /// What is to stand there; none at a deletion.
    pub new: Option<&'w Json>,
}

impl Wish<'_> {
    fn operation(&self) -> &'static str {
        match (self.old, self.new) {
            (None, _) => "CREATE",
            (Some(_), Some(_)) => "UPDATE",
            (Some(_), None) => "DELETE",
        }
    }

    fn object(&self) -> Json {
        self.new.or(self.old).cloned().unwrap_or_default()
    }
}

/// Asks the webhooks of a kind about a write.
///
/// # Errors
/// The refusal where one of them cannot be asked and does not let that pass.
pub fn ask(store: &Store, kind: &str, wish: &Wish<'_>) -> Result<(), Failure> {
    if wish.resource.group == "admissionregistration.k8s.io" {
        return Ok(());
    }
    for configuration in store.all(kind) {
        for hook in items(&configuration, "/webhooks") {
            if !concerns(store, hook, wish) {
                continue;
            }
            if let Some(fault) = unreachable(store, hook)
                && text(hook, "/failurePolicy") != "Ignore"
            {
                let told = format!(
                    "failed calling webhook {:?}: failed to call webhook: {fault}",
                    name_of(hook)
                );
                let mut failure = Failure::internal(format!("Internal error occurred: {told}"));
                failure.reason = "InternalError";
                failure.details = json!({"causes": [{"message": told}]});
                return Err(failure);
            }
        }
    }
    Ok(())
}

fn name_of(hook: &Json) -> &str {
    text(hook, "/name")
}

/// Says why nobody answers, where that is so.
fn unreachable(store: &Store, hook: &Json) -> Option<String> {
    let service = hook["clientConfig"].get("service").filter(|service| service.is_object())?;
    let (space, called) = (text(service, "/namespace"), text(service, "/name"));
    let port = service["port"].as_i64().unwrap_or(443);
    let path = text(service, "/path");
    let slash = if path.starts_with('/') { "" } else { "/" };
    let seconds = hook["timeoutSeconds"].as_i64().unwrap_or(10);
    let url = format!("https://{called}.{space}.svc:{port}{slash}{path}?timeout={seconds}s");
    if store.find("Service", space, called).is_none() {
        return Some(format!("Post {url:?}: service {called:?} not found"));
    }
    let of_service =
        |slice: &&Json| slice["metadata"]["labels"]["kubernetes.io/service-name"] == called;
    let slices = store.within("EndpointSlice", space).filter(of_service);
    let mut endpoints = slices.flat_map(|slice| items(slice, "/endpoints"));
    let ready = endpoints.any(|endpoint| endpoint["conditions"]["ready"] != false);
    (!ready).then(|| format!("Post {url:?}: no endpoints available for service {called:?}"))
}

/// Says whether a webhook is asked about a write.
fn concerns(store: &Store, hook: &Json, wish: &Wish<'_>) -> bool {
    let exact = text(hook, "/matchPolicy") == "Exact";
    let mut rules = items(hook, "/rules").iter();
    rules.any(|rule| fits(rule, wish, exact))
        && is_in_space(store, hook, wish)
        && is_selected(hook, wish)
        && meets(hook, wish)
}

fn fits(rule: &Json, wish: &Wish<'_>, exact: bool) -> bool {
    let has = |part: &str, word: &str| {
        items(rule, &format!("/{part}")).iter().any(|one| one == "*" || one == word)
    };
    let resource = wish.resource;
    let serves = |version: &Json| {
        let version = version.as_str().unwrap_or_default();
        resources::by_path(resource.group, version, resource.plural).is_some()
    };
    let version = has("apiVersions", resource.version)
        || (!exact && items(rule, "/apiVersions").iter().any(serves));
    let scope = match text(rule, "/scope") {
        "Namespaced" => resource.namespaced,
        "Cluster" => !resource.namespaced,
        _ => true,
    };
    let named = items(rule, "/resources").iter().filter_map(Json::as_str).any(|one| {
        let (plural, below) = one.split_once('/').unwrap_or((one, ""));
        let below_fits = match wish.subresource {
            None => below.is_empty() || one == "*/*",
            Some(part) => below == "*" || below == part,
        };
        (plural == "*" || plural == resource.plural) && below_fits
    });
    has("operations", wish.operation())
        && has("apiGroups", resource.group)
        && version
        && scope
        && named
}

fn is_in_space(store: &Store, hook: &Json, wish: &Wish<'_>) -> bool {
    let selector = &hook["namespaceSelector"];
    let object = wish.object();
    if wish.resource.kind == "Namespace" {
        return label_selector_matches(selector, &object);
    }
    if !wish.resource.namespaced {
        return true;
    }
    let space = store.find("Namespace", "", namespace(&object));
    space.is_none_or(|space| label_selector_matches(selector, space))
}

fn is_selected(hook: &Json, wish: &Wish<'_>) -> bool {
    let selector = &hook["objectSelector"];
    [wish.new, wish.old].into_iter().flatten().any(|one| label_selector_matches(selector, one))
}

/// Says whether the webhook's own conditions are met; one that cannot be worked out counts as met.
fn meets(hook: &Json, wish: &Wish<'_>) -> bool {
    let given =
        |object: Option<&Json>| object.map_or(Value::Null, |object| value::of(object, &Json::Null));
    let object = wish.object();
    let request = json!({"operation": wish.operation(), "name": name(&object),
        "namespace": namespace(&object), "subResource": wish.subresource.unwrap_or_default(),
        "resource": {"group": wish.resource.group, "version": wish.resource.version,
            "resource": wish.resource.plural},
        "kind": {"group": wish.resource.group, "version": wish.resource.version,
            "kind": wish.resource.kind}});
    items(hook, "/matchConditions").iter().all(|condition| {
        let Ok(node) = parse(text(condition, "/expression")) else { return true };
        let mut scope = vec![
            ("object".to_owned(), given(wish.new)),
            ("oldObject".to_owned(), given(wish.old)),
            ("request".to_owned(), value::of(&request, &Json::Null)),
        ];
        !matches!(work_out(&node, &mut scope), Ok(Value::Bool(false)))
    })
}
