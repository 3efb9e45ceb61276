//! Subresources and reviews: scale, logs, tokens, eviction, finalisation, who may do what.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::Inner;
use super::admit;
use super::api::{self, Call};
use super::apply;
use super::custom;
use super::definitions;
use super::delete::{self, Options};
use super::ephemeral;
use super::failure::{Cause, Failure};
use super::patch;
use super::resources::Resource;
use super::store::{
    Key, Line, Store, digest, items, mix, name, namespace, number, stamp, text, uid,
};
use crate::http::{Body, Bytes, HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

/// Answers a request to a subresource other than `status`.
///
/// # Errors
/// Every refusal of the API server.
pub fn answer(inner: &Arc<Inner>, call: &Call<'_>) -> Result<Response, Failure> {
    let object = call.name.clone().unwrap_or_default();
    match call.subresource.as_deref().unwrap_or_default() {
        "scale" => scale(inner, call, &object),
        "log" => log(inner, call, &object),
        "token" => token(inner, call, &object),
        "eviction" => evict(inner, call, &object),
        "approval" => approve(inner, call, &object),
        "finalize" => {
            let body = call.body()?;
            let mut store = inner.locked();
            let key = call.key(&object);
            let Some(mut next) = store.get(&key).cloned() else {
                return Err(Failure::not_found(call.resource, &object));
            };
            next["spec"]["finalizers"] = body["spec"]["finalizers"].clone();
            let mut how = call.how()?;
            let written = admit::update(&mut store, call.resource, &key, next, &mut how)?;
            Ok(call.reply(StatusCode::OK, &written, &how))
        }
        "binding" => bind(inner, call, &object),
        "ephemeralcontainers" => ephemeral::answer(inner, call, &object),
        other => Err(Failure::not_implemented(format!(
            "the sandbox runs no containers: pods/{other} is not there"
        ))),
    }
}

/// Binds a pod to a node, as a scheduler does.
fn bind(inner: &Arc<Inner>, call: &Call<'_>, object: &str) -> Result<Response, Failure> {
    let body = call.object()?;
    let mut store = inner.locked();
    let key = call.key(object);
    let Some(mut next) = store.get(&key).cloned() else {
        return Err(Failure::not_found(call.resource, object));
    };
    let there = text(&next, "/spec/nodeName").to_owned();
    if !there.is_empty() {
        let detail = format!("pod {object} is already assigned to node {there:?}");
        let plural = "pods/binding";
        return Err(Failure::conflict(&Resource { plural, ..*call.resource }, object, &detail));
    }
    let Some(node) = body["target"]["name"].as_str().filter(|node| !node.is_empty()) else {
        let cause = Cause::required("target.name", "");
        let binding = Resource { group: "", version: "v1", kind: "Binding", ..*call.resource };
        return Err(Failure::invalid(&binding, object, &[cause]));
    };
    next["spec"]["nodeName"] = node.into();
    if !call.how()?.dry_run {
        store.write(&key, next);
    }
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "code": 201});
    Ok(Response::json(StatusCode::CREATED, &status))
}

/// The kind that a scale says it is.
const SCALE: Resource = Resource {
    group: "autoscaling",
    version: "v1",
    plural: "scales",
    singular: "scale",
    kind: "Scale",
    short: &[],
    namespaced: true,
    subresources: &[],
    generation: false,
    strict_put: false,
    custom: false,
};

/// Where an object has its scale: as wanted, and as it is.
type Paths = (String, String);

fn paths_of(store: &Store, resource: &Resource) -> Paths {
    custom::scale_paths(store, resource)
        .unwrap_or_else(|| ("/spec/replicas".into(), "/status/replicas".into()))
}

fn scale_of(object: &Json, paths: &Paths) -> Json {
    // Those of old have the labels themselves.
    let selector = &object["spec"]["selector"];
    let labels =
        if selector["matchLabels"].is_object() { &selector["matchLabels"] } else { selector };
    let selector: Vec<String> = labels
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)))
        .collect();
    let mut scale = json!({"kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {"name": name(object), "namespace": namespace(object), "uid": uid(object),
            "resourceVersion": object["metadata"]["resourceVersion"],
            "creationTimestamp": object["metadata"]["creationTimestamp"]},
        "spec": {"replicas": number(object, &paths.0).unwrap_or(0)},
        "status": {"replicas": number(object, &paths.1).unwrap_or(0)}});
    if !selector.is_empty() {
        scale["status"]["selector"] = json!(selector.join(","));
    }
    scale
}

/// Sets what is at a pointer, with what is above it.
fn put_at(object: &mut Json, pointer: &str, value: Json) {
    let mut place = object;
    for name in pointer.split('/').skip(1) {
        place = &mut place[name];
    }
    *place = value;
}

fn scale(inner: &Arc<Inner>, call: &Call<'_>, object: &str) -> Result<Response, Failure> {
    let key = call.key(object);
    let mut store = inner.locked();
    let Some(live) = store.get(&key).cloned() else {
        return Err(Failure::not_found(call.resource, object));
    };
    let paths = paths_of(&store, call.resource);
    let mut scale = scale_of(&live, &paths);
    match call.request.method {
        Method::GET => return Ok(Response::json(StatusCode::OK, &scale)),
        Method::PUT => scale = call.body()?,
        Method::PATCH => {
            let change = call.body()?;
            match call.media().as_str() {
                "application/json-patch+json" => {
                    patch::json_patch(&mut scale, &change).map_err(|_| Failure::rejected())?;
                }
                "application/apply-patch+yaml" => {
                    let replicas = &change["spec"]["replicas"];
                    let mut intent = json!({"apiVersion": call.resource.api_version(),
                        "kind": call.resource.kind, "metadata": {"name": object}});
                    put_at(&mut intent, &paths.0, replicas.clone());
                    let mut how = call.how()?;
                    let force = call.flag("force");
                    let (written, _) =
                        apply::apply(&mut store, call.resource, &key, intent, &mut how, force)?;
                    return Ok(Response::json(StatusCode::OK, &scale_of(&written, &paths)));
                }
                _ => patch::merge_patch(&mut scale, &change),
            }
        }
        _ => return Err(Failure::method_not_allowed()),
    }
    let given = name(&scale);
    if given != object {
        return Err(Failure::bad_request(format!(
            "the name of the object ({given}) does not match the name on the URL ({object})"
        )));
    }
    let wanted = &scale["spec"]["replicas"];
    if !wanted.is_null() && !wanted.is_i64() {
        let fault = "json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of \
            type int32";
        return Err(Failure::bad_patch(&scale.to_string(), fault));
    }
    if wanted.as_i64().is_some_and(|count| count < 0) && !call.resource.custom {
        let detail = "must be greater than or equal to 0";
        let cause = Cause::invalid("spec.replicas", wanted, detail);
        return Err(Failure::invalid(&SCALE, object, &[cause]));
    }
    let mut next = live;
    put_at(&mut next, &paths.0, json!(number(&scale, "/spec/replicas").unwrap_or(0)));
    if let Some(version) = scale["metadata"].get("resourceVersion").filter(|v| v.is_string()) {
        next["metadata"]["resourceVersion"] = version.clone();
    }
    let mut how = call.how()?;
    let written = admit::update(&mut store, call.resource, &key, next, &mut how)?;
    Ok(Response::json(StatusCode::OK, &scale_of(&written, &paths)))
}

/// Where and how much of a log.
#[derive(Clone)]
struct Log {
    key: Key,
    container: String,
    timestamps: bool,
}

fn log(inner: &Arc<Inner>, call: &Call<'_>, object: &str) -> Result<Response, Failure> {
    let store = inner.locked();
    let key = call.key(object);
    let pod = store.get(&key).ok_or_else(|| Failure::not_found(call.resource, object))?;
    let names: Vec<&str> = items(pod, "/spec/initContainers")
        .iter()
        .chain(items(pod, "/spec/containers"))
        .map(|one| text(one, "/name"))
        .collect();
    let container = match call.query("container").filter(|name| !name.is_empty()) {
        Some(name) => name,
        None if items(pod, "/spec/containers").len() == 1 => {
            text(&pod["spec"]["containers"][0], "/name").to_owned()
        }
        None => {
            return Err(Failure::bad_request(format!(
                "a container name must be specified for pod {object}, choose one of: [{}]",
                names.join(" ")
            )));
        }
    };
    if !names.contains(&container.as_str()) {
        return Err(Failure::bad_request(format!(
            "container {container} is not valid for pod {object}"
        )));
    }
    let waiting = items(pod, "/status/containerStatuses")
        .iter()
        .find(|status| status["name"] == container.as_str())
        .map(|status| text(status, "/state/waiting/reason").to_owned())
        .unwrap_or_else(|| "ContainerCreating".to_owned());
    let lines = lines_of(&store, pod, &container);
    if !waiting.is_empty() && lines.is_empty() {
        return Err(Failure::bad_request(format!(
            "container \"{container}\" in pod \"{object}\" is waiting to start: {waiting}"
        )));
    }
    let since = call
        .query("sinceSeconds")
        .and_then(|text| text.parse().ok())
        .and_then(|seconds| store.now.checked_sub(std::time::Duration::from_secs(seconds)).ok())
        .or_else(|| call.query("sinceTime").and_then(|text| text.parse().ok()))
        .unwrap_or(Timestamp::MIN);
    let mut lines: Vec<Line> = lines.iter().filter(|line| line.at >= since).cloned().collect();
    let total = lines.len();
    if let Some(tail) = call.query("tailLines").and_then(|text| text.parse::<usize>().ok()) {
        lines.drain(..total.saturating_sub(tail));
    }
    let log = Log { key, container, timestamps: call.flag("timestamps") };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("text/plain"));
    let first = written(&lines, log.timestamps);
    let seen = lines_of(&store, pod, &log.container).len();
    let body = if call.flag("follow") {
        drop(store);
        Body::Stream(follow(inner.clone(), log, first, seen))
    } else {
        Body::Whole(Bytes::from(first))
    };
    Ok(Response { status: StatusCode::OK, headers, body })
}

/// Gives what a container has written by now.
fn lines_of<'s>(store: &'s Store, pod: &Json, container: &str) -> &'s [Line] {
    let lines = store.logs.get(&format!("{}/{container}", uid(pod))).map_or(&[][..], Vec::as_slice);
    &lines[..lines.partition_point(|line| line.at <= store.now)]
}

fn written(lines: &[Line], timestamps: bool) -> String {
    let mut result = String::new();
    for line in lines {
        if timestamps {
            result.push_str(&stamp(line.at).replace('Z', ".000000000Z "));
        }
        result.push_str(&line.text);
        result.push('\n');
    }
    result
}

fn follow(
    inner: Arc<Inner>,
    log: Log,
    first: String,
    seen: usize,
) -> futures::stream::BoxStream<'static, Bytes> {
    let start = futures::stream::iter((!first.is_empty()).then(|| Bytes::from(first)));
    let rest = futures::stream::unfold(Some(seen), move |state| {
        let (inner, log) = (inner.clone(), log.clone());
        async move {
            let mut seen = state?;
            loop {
                inner.settle();
                let (text, ended) = {
                    let store = inner.locked();
                    let pod = store.get(&log.key)?;
                    let lines = lines_of(&store, pod, &log.container);
                    let text = written(lines.get(seen..).unwrap_or_default(), log.timestamps);
                    seen = lines.len();
                    let over = matches!(text_of_phase(pod), "Succeeded" | "Failed");
                    (text, over)
                };
                if !text.is_empty() {
                    return Some((Bytes::from(text), (!ended).then_some(seen)));
                }
                if ended {
                    return None;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    });
    start.chain(rest).boxed()
}

fn text_of_phase(pod: &Json) -> &str {
    text(pod, "/status/phase")
}

fn evict(inner: &Arc<Inner>, call: &Call<'_>, object: &str) -> Result<Response, Failure> {
    if call.request.method != Method::POST {
        return Err(Failure::method_not_allowed());
    }
    let body = call.object()?;
    let options = Options::parse(&body["deleteOptions"], &|name| call.query(name))?;
    let mut store = inner.locked();
    let key = call.key(object);
    let pod = store.get(&key).ok_or_else(|| Failure::not_found(call.resource, object))?.clone();
    let blocked = store.within("PodDisruptionBudget", &call.namespace).any(|budget| {
        super::select::label_selector_matches(&budget["spec"]["selector"], &pod)
            && number(budget, "/status/disruptionsAllowed").unwrap_or(0) < 1
    });
    if blocked {
        let text = "Cannot evict pod as it would violate the pod's disruption budget.";
        return Err(Failure::too_many_requests(text, 10));
    }
    delete::delete(&mut store, call.resource, &key, &options)?;
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Ok(Response::json(StatusCode::CREATED, &status))
}

/// Gives the object that a request to a subresource puts in the place of what is there; nothing where it only reads.
///
/// # Errors
/// A body that is none, or another method.
pub(super) fn sent(call: &Call<'_>, live: &Json) -> Result<Option<Json>, Failure> {
    match call.request.method {
        Method::GET => return Ok(None),
        Method::PUT => return call.body().map(Some),
        Method::PATCH => {}
        _ => return Err(Failure::method_not_allowed()),
    }
    let (mut sent, change) = (live.clone(), call.body()?);
    match call.media().as_str() {
        "application/json-patch+json" => {
            patch::json_patch(&mut sent, &change).map_err(Failure::unprocessable)?;
        }
        "application/strategic-merge-patch+json" => {
            let resource = call.resource;
            let definition = definitions::of(&resource.api_version(), resource.kind);
            let definition = definition.ok_or_else(Failure::rejected)?;
            patch::strategic(&mut sent, &change, definition).map_err(Failure::internal)?;
        }
        _ => patch::merge_patch(&mut sent, &change),
    }
    Ok(Some(sent))
}

/// Of what is sent to an approval only the conditions count.
fn approve(inner: &Arc<Inner>, call: &Call<'_>, object: &str) -> Result<Response, Failure> {
    let key = call.key(object);
    let mut store = inner.locked();
    let Some(live) = store.get(&key).cloned() else {
        return Err(Failure::not_found(call.resource, object));
    };
    let Some(sent) = sent(call, &live)? else {
        return Ok(Response::json(StatusCode::OK, &live));
    };
    let mut next = live;
    for (at, condition) in items(&sent, "/status/conditions").iter().enumerate() {
        let field = format!("status.conditions[{at}]");
        if !matches!(text(condition, "/type"), "Approved" | "Denied" | "Failed") {
            let cause = super::failure::Cause::invalid(field, &condition["type"], "unknown type");
            return Err(Failure::invalid(call.resource, object, &[cause]));
        }
        let known = items(&next, "/status/conditions").iter();
        if known.clone().any(|one| one["type"] == condition["type"]) {
            continue;
        }
        let mut condition = condition.clone();
        for name in ["lastUpdateTime", "lastTransitionTime"] {
            condition[name] = json!(store.stamp());
        }
        let mut conditions: Vec<Json> = known.cloned().collect();
        conditions.push(condition);
        next["status"]["conditions"] = json!(conditions);
    }
    let all = items(&next, "/status/conditions");
    if ["Approved", "Denied"].iter().all(|kind| all.iter().any(|one| one["type"] == *kind)) {
        let text = "Approved and Denied conditions are mutually exclusive";
        let cause = super::failure::Cause::invalid("status.conditions", &json!("Denied"), text);
        return Err(Failure::invalid(call.resource, object, &[cause]));
    }
    if let Some(version) = sent["metadata"].get("resourceVersion").filter(|v| v.is_string()) {
        next["metadata"]["resourceVersion"] = version.clone();
    }
    let mut how = call.how()?;
    let written = admit::update(&mut store, call.resource, &key, next, &mut how)?;
    Ok(call.reply(StatusCode::OK, &written, &how))
}

fn token(inner: &Arc<Inner>, call: &Call<'_>, object: &str) -> Result<Response, Failure> {
    if call.request.method != Method::POST {
        return Err(Failure::method_not_allowed());
    }
    let mut body = call.object()?;
    let store = inner.locked();
    let account =
        store.get(&call.key(object)).ok_or_else(|| Failure::not_found(call.resource, object))?;
    if let Some(short) = number(&body, "/spec/expirationSeconds").filter(|seconds| *seconds < 600) {
        let detail = "may not specify a duration less than 10 minutes";
        let cause = Cause::invalid("spec.expirationSeconds", &json!(short), detail);
        let (group, kind) = ("authentication.k8s.io", "TokenRequest");
        return Err(Failure::invalid(&Resource { group, kind, ..SCALE }, "", &[cause]));
    }
    let seconds = number(&body, "/spec/expirationSeconds").unwrap_or(3600);
    if seconds > 1 << 32 {
        let detail = "may not specify a duration larger than 2^32 seconds";
        let cause = Cause::invalid("spec.expirationSeconds", &json!(seconds), detail);
        let (group, kind) = ("authentication.k8s.io", "TokenRequest");
        return Err(Failure::invalid(&Resource { group, kind, ..SCALE }, "", &[cause]));
    }
    let end = store.now + std::time::Duration::from_secs(seconds.unsigned_abs());
    let token = account_token(&store, account, Some(end));
    if !body["spec"].is_object() {
        body["spec"] = json!({});
    }
    if items(&body, "/spec/audiences").is_empty() {
        body["spec"]["audiences"] = json!(["https://kubernetes.default.svc"]);
    }
    body["spec"]["expirationSeconds"] = json!(seconds);
    if body["spec"].get("boundObjectRef").is_none() {
        body["spec"]["boundObjectRef"] = Json::Null;
    }
    body["kind"] = json!("TokenRequest");
    body["apiVersion"] = json!("authentication.k8s.io/v1");
    body["metadata"] = json!({"name": object, "namespace": call.namespace,
        "creationTimestamp": store.stamp()});
    body["status"] = json!({"token": token, "expirationTimestamp": stamp(end)});
    Ok(Response::json(StatusCode::CREATED, &body))
}

/// Makes a service account's token, in the form of a JWT and signed with the cluster's number.
pub fn account_token(store: &Store, account: &Json, end: Option<Timestamp>) -> String {
    let mut claims = json!({"iss": "terrane-sandbox",
        "sub": format!("system:serviceaccount:{}:{}", namespace(account), name(account)),
        "kubernetes.io": {"namespace": namespace(account),
            "serviceaccount": {"name": name(account), "uid": uid(account)}}});
    if let Some(end) = end {
        claims["exp"] = json!(end.as_second());
    }
    let encode = |value: &Json| URL_SAFE_NO_PAD.encode(value.to_string());
    let body = format!("{}.{}", encode(&json!({"alg": "none", "typ": "JWT"})), encode(&claims));
    let signature = signature(store, &body);
    format!("{body}.{signature}")
}

fn signature(store: &Store, body: &str) -> String {
    URL_SAFE_NO_PAD.encode(mix(digest(body) ^ store.seed).to_be_bytes())
}

/// Says whether a token is one that this cluster gave to a service account and still good.
pub fn is_account_token(inner: &Inner, token: &str) -> bool {
    let store = inner.locked();
    let Some((body, given)) = token.rsplit_once('.') else { return false };
    if signature(&store, body) != given {
        return false;
    }
    let claims = body
        .split_once('.')
        .and_then(|(_, claims)| URL_SAFE_NO_PAD.decode(claims).ok())
        .and_then(|bytes| serde_json::from_slice::<Json>(&bytes).ok());
    claims
        .is_some_and(|claims| claims["exp"].as_i64().is_none_or(|end| end > store.now.as_second()))
}

/// Answers reviews; `None` where the path is another's.
///
/// # Errors
/// A body that does not parse.
pub fn review(
    inner: &Inner,
    request: &Request,
    group: &str,
    plural: &str,
) -> Result<Option<Response>, Failure> {
    let user = json!({"username": "sandbox@terrane.dev", "groups": ["system:authenticated"]});
    let status = match (group, plural) {
        ("authorization.k8s.io", "selfsubjectaccessreviews" | "subjectaccessreviews") => {
            json!({"allowed": true, "reason": "the sandbox allows everything to who has a token"})
        }
        ("authorization.k8s.io", "selfsubjectrulesreviews") => json!({"incomplete": false,
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}]}),
        ("authentication.k8s.io", "selfsubjectreviews") => json!({"userInfo": user}),
        ("authentication.k8s.io", "tokenreviews") => {
            let body = api::body(request)?;
            let token = text(&body, "/spec/token");
            let good = inner.cloud.token_is_good(token) || is_account_token(inner, token);
            if good { json!({"authenticated": true, "user": user}) } else { json!({"user": {}}) }
        }
        _ => return Ok(None),
    };
    if request.method != Method::POST {
        return Err(Failure::method_not_allowed());
    }
    let mut body = api::body(request)?;
    body["status"] = status;
    if !body["metadata"].is_object() {
        body["metadata"] = json!({"creationTimestamp": null});
    }
    Ok(Some(Response::json(StatusCode::CREATED, &body)))
}
