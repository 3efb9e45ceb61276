//! Admission webhooks: which of them a write concerns, and what they say of it.
//!
//! One with a `url` of this machine is called. What is behind a Service does not run here: the sandbox says truly that
//! nobody answers where the Service is not there or has no pod that is ready; where there is one, everything passes
//! unchanged, and so it does with a `url` elsewhere; a warning says that nobody was asked. Source: the API reference of `admissionregistration.k8s.io/v1` and
//! a real API server's words (`tests/server/cases/hooks.yaml`, `tests/server/hooks.rs`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::callout::{self, Callee};
use super::cel::parse::parse;
use super::cel::value::{self, Value};
use super::cel::work_out::work_out;
use super::failure::Failure;
use super::patch;
use super::resources::{self, Resource};
use super::select::label_selector_matches;
use super::store::{Store, digest, items, mix, name, namespace, text};

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

/// What an API server tells a webhook of a write besides what is written.
pub struct Manner<'m> {
    /// Whether nothing is kept.
    pub dry_run: bool,
    /// Who writes.
    pub manager: &'m str,
}

/// What the webhooks made of a write.
#[derive(Default)]
pub struct Outcome {
    /// The object as they have changed it; none where they have not.
    pub object: Option<Json>,
    /// What they tell the caller besides.
    pub warnings: Vec<String>,
}

/// Asks the webhooks of a kind about a write.
///
/// # Errors
/// The refusal of one of them, or that where one cannot be asked and does not let that pass.
pub fn ask(
    store: &Store,
    kind: &str,
    wish: &Wish<'_>,
    manner: &Manner<'_>,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    if wish.resource.group == "admissionregistration.k8s.io" {
        return Ok(outcome);
    }
    for configuration in store.all(kind) {
        for hook in items(&configuration, "/webhooks") {
            let wish = Wish { new: outcome.object.as_ref().or(wish.new), ..*wish };
            if !concerns(store, hook, &wish) {
                continue;
            }
            match answer(store, hook, &wish, manner) {
                Ok(None) => outcome.warnings.push(format!(
                    "admission webhook {:?} was not asked: the sandbox calls only a url of this machine. \
                     What is written passes unchanged",
                    name_of(hook)
                )),
                Ok(Some(response)) => {
                    refused(hook, &response)?;
                    outcome.warnings.extend(
                        items(&response, "/warnings")
                            .iter()
                            .filter_map(Json::as_str)
                            .map(Into::into),
                    );
                    if let (MUTATING, Some(new)) = (kind, wish.new) {
                        outcome.object = patched(new, &response)?.or(outcome.object);
                    }
                }
                Err(_) if text(hook, "/failurePolicy") == "Ignore" => {}
                Err(fault) => {
                    let called = name_of(hook);
                    return Err(internal(format!("failed calling webhook {called:?}: {fault}")));
                }
            }
        }
    }
    Ok(outcome)
}

/// Gives a webhook's response; none where nobody is asked.
fn answer(
    store: &Store,
    hook: &Json,
    wish: &Wish<'_>,
    manner: &Manner<'_>,
) -> Result<Option<Json>, String> {
    let failed = |fault: String| format!("failed to call webhook: {fault}");
    if let Some(fault) = unreachable(store, hook) {
        return Err(failed(fault));
    }
    let url = text(hook, "/clientConfig/url");
    if !callout::is_near(url) {
        return Ok(None);
    }
    let callee = Callee {
        url: url.to_owned(),
        bundle: text(hook, "/clientConfig/caBundle").to_owned(),
        seconds: hook["timeoutSeconds"].as_i64().unwrap_or(10),
    };
    let review = review(hook, wish, manner);
    let mut answer = callout::review(&callee, &review).map_err(failed)?;
    let (version, kind) = (text(&answer, "/apiVersion"), text(&answer, "/kind"));
    if (version, kind) != (text(&review, "/apiVersion"), "AdmissionReview") {
        return Err(failed(format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \
             \"pkg/runtime/scheme.go:110\""
        )));
    }
    let invalid = |fault: String| format!("received invalid webhook response: {fault}");
    let response = answer["response"].take();
    if !response.is_object() {
        return Err(invalid("webhook response was absent".to_owned()));
    }
    let (wanted, given) = (text(&review, "/request/uid"), text(&response, "/uid"));
    if wanted != given {
        return Err(invalid(format!("expected response.uid={wanted:?}, got {given:?}")));
    }
    Ok(Some(response))
}

/// Makes what a webhook is asked.
fn review(hook: &Json, wish: &Wish<'_>, manner: &Manner<'_>) -> Json {
    let Resource { group, version, kind, plural, .. } = wish.resource;
    let kind = json!({"group": group, "version": version, "kind": kind});
    let resource = json!({"group": group, "version": version, "resource": plural});
    let operation = wish.operation();
    let object = wish.object();
    let mut given = wish.new.cloned().unwrap_or_default();
    if operation == "CREATE" {
        // It is given its identity when it is stored.
        super::admit::remove(&mut given["metadata"], "uid");
        given["metadata"]["creationTimestamp"] = Json::Null;
    }
    let options = match operation {
        "CREATE" => "CreateOptions",
        "UPDATE" => "UpdateOptions",
        _ => "DeleteOptions",
    };
    let mut options = json!({"kind": options, "apiVersion": "meta.k8s.io/v1"});
    if operation != "DELETE" {
        options["fieldManager"] = json!(manner.manager);
    }
    if manner.dry_run {
        options["dryRun"] = json!(["All"]);
    }
    // One that is asked the same twice is asked twice.
    let mark = digest(&format!("{}{operation}{object}", text(hook, "/name")));
    let uid = uuid::Builder::from_random_bytes(
        (u128::from(mark) << 64 | u128::from(mix(mark))).to_be_bytes(),
    );
    let versions = items(hook, "/admissionReviewVersions");
    let known =
        versions.iter().filter_map(Json::as_str).find(|one| ["v1", "v1beta1"].contains(one));
    let mut request = json!({"uid": uid.into_uuid().to_string(), "kind": kind, "resource": resource,
        "requestKind": kind, "requestResource": resource, "name": name(&object),
        "operation": operation, "userInfo": {"username": "sandbox@terrane.dev",
            "groups": ["system:authenticated"]},
        "object": given, "oldObject": wish.old, "dryRun": manner.dry_run, "options": options});
    if wish.resource.namespaced {
        request["namespace"] = json!(namespace(&object));
    } else if kind["kind"] == "Namespace" {
        request["namespace"] = json!(name(&object));
    }
    if let Some(part) = wish.subresource {
        request["subResource"] = json!(part);
        request["requestSubResource"] = json!(part);
    }
    json!({"kind": "AdmissionReview", "request": request,
        "apiVersion": format!("admission.k8s.io/{}", known.unwrap_or("v1"))})
}

/// Gives a webhook's refusal.
fn refused(hook: &Json, response: &Json) -> Result<(), Failure> {
    if response["allowed"] == true {
        return Ok(());
    }
    let code = response["status"]["code"].as_u64().and_then(|code| u16::try_from(code).ok());
    let mut failure = Failure::bad_request(match text(response, "/status/message") {
        "" => {
            format!("admission webhook {:?} denied the request without explanation", name_of(hook))
        }
        why => format!("admission webhook {:?} denied the request: {why}", name_of(hook)),
    });
    failure.code = code.filter(|code| *code >= 400).unwrap_or(400);
    failure.reason = Failure::known_reason(text(response, "/status/reason"));
    failure.details = response["status"]["details"].clone();
    Err(failure)
}

/// Lays a webhook's patch over an object; none where it has no patch.
fn patched(object: &Json, response: &Json) -> Result<Option<Json>, Failure> {
    let encoded = text(response, "/patch");
    if encoded.is_empty() {
        return Ok(None);
    }
    let fault = |fault: String| internal(fault);
    let bytes = STANDARD.decode(encoded).map_err(|why| fault(why.to_string()))?;
    let patch = serde_json::from_slice(&bytes).map_err(|why| fault(why.to_string()))?;
    let mut object = object.clone();
    patch::json_patch(&mut object, &patch).map_err(fault)?;
    Ok(Some(object))
}

fn internal(told: String) -> Failure {
    let mut failure = Failure::internal(format!("Internal error occurred: {told}"));
    failure.reason = "InternalError";
    failure.details = json!({"causes": [{"message": told}]});
    failure
}

fn name_of(hook: &Json) -> &str {
    text(hook, "/name")
}

/// Says why nobody answers, where that is so.
pub fn unreachable(store: &Store, hook: &Json) -> Option<String> {
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
