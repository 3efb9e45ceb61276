//! Requests: who asks, which path, which verb.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::Inner;
use super::admit::{self, How, Validation};
use super::apply;
use super::columns;
use super::convert;
use super::custom;
use super::definitions;
use super::delete::{self, Deleted, Options};
use super::discovery;
use super::failure::{Cause, Failure};
use super::hooks::{self, Manner, Wish};
use super::patch;
use super::protobuf;
use super::read::{self, Form, Wanted};
use super::resources::{self, Resource};
use super::select::Selector;
use super::store::{Key, name, text};
use super::subresources;
use super::twice;
use super::watch;
use crate::http::{HeaderValue, Method, Request, Response, StatusCode};
use crate::merge::check;
use crate::merge::managers::Writer;

const BODIES: &[&str] =
    &["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const PATCHES: &[&str] = &[
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];

/// A request to a resource, taken apart.
pub struct Call<'r> {
    /// The request.
    pub request: &'r Request,
    /// The type.
    pub resource: &'static Resource,
    /// The namespace; empty for none.
    pub namespace: String,
    /// The object's name.
    pub name: Option<String>,
    /// The subresource.
    pub subresource: Option<String>,
    /// The query.
    pub query: BTreeMap<String, String>,
}

/// Answers a request.
pub fn answer(inner: &Arc<Inner>, request: &Request) -> Response {
    inner.settle();
    let mut response = match admitted(inner, request).and_then(|()| route(inner, request)) {
        Ok(response) => response,
        Err(failure) => failure.response(),
    };
    // What a write sets off at once is there when its answer is.
    if request.method != Method::GET {
        inner.settle();
    }
    response.headers.insert("x-terrane-sandbox", HeaderValue::from_static("kubernetes"));
    response
}

fn admitted(inner: &Inner, request: &Request) -> Result<(), Failure> {
    let header = request.header("authorization");
    let path = request.path();
    let public = ["/healthz", "/livez", "/readyz"];
    if header.is_none() && public.iter().any(|known| path.starts_with(known)) {
        return Ok(());
    }
    let token = header
        .and_then(|header| header.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    match token {
        Some(token) if inner.cloud.token_is_good(token) => Ok(()),
        Some(token) if subresources::is_account_token(inner, token) => Ok(()),
        _ => Err(Failure::unauthorized()),
    }
}

fn route(inner: &Arc<Inner>, request: &Request) -> Result<Response, Failure> {
    let path = decoded(request.path());
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if let Some(response) = discovery::answer(inner, request, &parts) {
        return Ok(response);
    }
    let (group, version, rest) = match parts.as_slice() {
        ["api", "v1", rest @ ..] => ("", "v1", rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Err(Failure::no_such_path()),
    };
    let (namespace, rest) = match rest {
        ["namespaces", _, "finalize" | "status"] => ("", rest),
        ["namespaces", namespace, below @ ..] if !below.is_empty() => (*namespace, below),
        _ => ("", rest),
    };
    let (plural, object, subresource) = match rest {
        [plural] => (*plural, None, None),
        [plural, object] => (*plural, Some(*object), None),
        [plural, object, subresource] => (*plural, Some(*object), Some(*subresource)),
        _ => return Err(Failure::no_such_path()),
    };
    let query: BTreeMap<String, String> = request.query().into_iter().collect();
    if let Some(response) = subresources::review(inner, request, group, plural)? {
        return Ok(response);
    }
    let resource = resources::by_path(group, version, plural)
        .or_else(|| custom::by_path(&mut inner.locked(), group, version, plural))
        .ok_or_else(Failure::no_such_path)?;
    if object.is_some() && resource.namespaced && namespace.is_empty() {
        return Err(Failure::no_such_path());
    }
    let call = Call {
        request,
        resource,
        namespace: namespace.to_owned(),
        name: object.map(str::to_owned),
        subresource: subresource.map(str::to_owned),
        query,
    };
    perform(inner, &call)
}

fn decoded(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut result = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = path
            .get(at + 1..at + 3)
            .filter(|_| bytes[at] == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(byte) => {
                result.push(byte);
                at += 3;
            }
            None => {
                result.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&result).into_owned()
}

/// Says whether the client takes one of the forms in which the server can answer.
fn acceptable(accept: &str) -> bool {
    let known = [
        "application/json",
        "application/yaml",
        "application/vnd.kubernetes.protobuf",
        "application/cbor",
        "application/*",
        "*/*",
    ];
    accept.is_empty() || known.iter().any(|form| accept.contains(form))
}

fn perform(inner: &Arc<Inner>, call: &Call<'_>) -> Result<Response, Failure> {
    if !acceptable(call.request.header("accept").unwrap_or_default())
        && call.subresource.as_deref() != Some("log")
    {
        return Err(Failure::not_acceptable());
    }
    if let Some(subresource) = &call.subresource {
        if !call.resource.subresources.contains(&subresource.as_str()) {
            return Err(Failure::no_such_path());
        }
        if subresource != "status" {
            return subresources::answer(inner, call);
        }
    }
    match (&call.request.method, &call.name) {
        (&Method::GET, None) => collection(inner, call, None),
        (&Method::GET, Some(object)) if call.flag("watch") => collection(inner, call, Some(object)),
        (&Method::GET, Some(object)) => {
            let store = inner.locked();
            let found = store.get(&call.key(object));
            let found = found.ok_or_else(|| Failure::not_found(call.resource, object))?;
            let found = convert::outward(&store, call.resource, found)?;
            let mut shaped = read::shaped(call.form(), call.resource, &found, store.now);
            let own = columns::of(&store, call.resource);
            columns::lay(&mut shaped, &own, &[&found], store.now);
            Ok(Response::json(StatusCode::OK, &shaped))
        }
        (&Method::POST, None) => post(inner, call),
        (&Method::PUT, Some(object)) => {
            let body = call.object()?;
            check_name(&body, object)?;
            let mut how = call.how()?;
            let key = call.key(object);
            let mut store = inner.locked();
            let written = admit::update(&mut store, call.resource, &key, body, &mut how)?;
            Ok(call.reply(StatusCode::OK, &written, &how))
        }
        (&Method::PATCH, Some(object)) => patched(inner, call, object),
        (&Method::DELETE, Some(object)) => deleted(inner, call, object),
        (&Method::DELETE, None) => deleted_collection(inner, call),
        _ => Err(Failure::method_not_allowed()),
    }
}

fn check_name(body: &Json, wanted: &str) -> Result<(), Failure> {
    if name(body).is_empty() {
        return Err(Failure::bad_request(format!(
            "the name of the object ({wanted} based on URL) was undeterminable: name must be \
             provided"
        )));
    }
    if !name(body).is_empty() && name(body) != wanted {
        return Err(Failure::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({wanted})",
            name(body)
        )));
    }
    Ok(())
}

fn collection(
    inner: &Arc<Inner>,
    call: &Call<'_>,
    only: Option<&str>,
) -> Result<Response, Failure> {
    let mut fields = call.query("fieldSelector").unwrap_or_default();
    if let Some(name) = only {
        fields = format!("metadata.name={name}");
    }
    let labels = call.query("labelSelector").unwrap_or_default();
    let selector = Selector::parse(&labels, &fields, call.resource.kind)?;
    list_options(call)?;
    if call.flag("watch") {
        return watch::answer(inner, call, selector);
    }
    let version = call.query("resourceVersion").unwrap_or_default();
    if !version.is_empty() && version.parse::<u64>().is_err() {
        return Err(Failure::bad_request(format!(
            "invalid resource version: resourceVersion: Invalid value: {version:?}: \
             strconv.ParseUint: parsing {version:?}: invalid syntax"
        )));
    }
    if let Some(limit) = call.query("limit")
        && limit.parse::<i64>().is_err()
    {
        return Err(Failure::bad_request(format!(
            "strconv.ParseInt: parsing {limit:?}: invalid syntax"
        )));
    }
    let wanted = Wanted {
        namespace: (!call.namespace.is_empty()).then(|| call.namespace.clone()),
        selector,
        limit: call.query("limit").and_then(|text| text.parse().ok()).unwrap_or(0),
        from: call.query("continue").unwrap_or_default(),
    };
    let store = inner.locked();
    let list = read::list(&store, call.resource, &wanted, call.form())?;
    Ok(Response::json(StatusCode::OK, &list))
}

/// Says which options of a list or watch do not go together.
fn list_options(call: &Call<'_>) -> Result<(), Failure> {
    let Some(matched) = call.query("resourceVersionMatch").filter(|word| !word.is_empty()) else {
        return Ok(());
    };
    let field = "resourceVersionMatch";
    let version = call.query("resourceVersion").unwrap_or_default();
    if call.flag("watch") {
        if call.query("sendInitialEvents").is_some() {
            return Ok(());
        }
        let detail =
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
        let mut causes = vec![Cause::forbidden(field, detail)];
        if matched != "NotOlderThan" {
            causes.push(Cause::unsupported(field, &json!(matched), &["NotOlderThan"]));
        }
        return Err(Failure::options("ListOptions", &causes));
    }
    let cause = if version.is_empty() {
        let detail = "resourceVersionMatch is forbidden unless resourceVersion is provided";
        Cause::forbidden(field, detail)
    } else if !["Exact", "NotOlderThan"].contains(&matched.as_str()) {
        Cause::unsupported(field, &json!(matched), &["Exact", "NotOlderThan", ""])
    } else if matched == "Exact" && version == "0" {
        let detail = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
        Cause::forbidden(field, detail)
    } else {
        return Ok(());
    };
    Err(Failure::options("ListOptions", &[cause]))
}

fn post(inner: &Arc<Inner>, call: &Call<'_>) -> Result<Response, Failure> {
    let body = call.object()?;
    let (version, kind) = (text(&body, "/apiVersion"), text(&body, "/kind"));
    let wrong = (!version.is_empty() && version != call.resource.api_version())
        || (!kind.is_empty() && kind != call.resource.kind);
    if wrong {
        return Err(wrong_kind(call.resource, version, kind, name(&body)));
    }
    let mut how = call.how()?;
    let namespace = call.namespace.clone();
    if call.resource.namespaced && namespace.is_empty() {
        return Err(Failure::method_not_allowed());
    }
    let mut store = inner.locked();
    let written = admit::create(&mut store, call.resource, &namespace, body, &mut how)?;
    Ok(call.reply(StatusCode::CREATED, &written, &how))
}

/// Refuses a body of another kind than the path's.
fn wrong_kind(resource: &Resource, version: &str, kind: &str, name: &str) -> Failure {
    if resource.custom {
        let detail = format!("must be {}", resource.kind);
        let cause = Cause::invalid("kind", &json!(kind), &detail);
        let mut failure = Failure::invalid(resource, name, &[cause]);
        failure.message = failure.message.replacen(resource.kind, kind, 1);
        failure.details["kind"] = json!(kind);
        return failure;
    }
    let (ours, own) = (resource.kind, resource.version);
    let group = if resource.group.is_empty() { "core" } else { resource.group };
    match resources::by_kind(version, kind) {
        Some(other) if other.kind == ours && other.group == resource.group => {
            Failure::bad_request(format!(
                "the API version in the data ({version}) does not match the expected API version \
                 ({})",
                resource.api_version()
            ))
        }
        Some(other) => Failure::bad_request(format!(
            "{kind} in version \"{own}\" cannot be handled as a {ours}: converting ({}.{kind}) to \
             ({group}.{ours}): unknown conversion",
            other.version
        )),
        None => Failure::bad_request(format!(
            "{kind} in version \"{own}\" cannot be handled as a {ours}: no kind \"{kind}\" is \
             registered for version \"{version}\" in scheme \"pkg/runtime/scheme.go:110\""
        )),
    }
}

fn patched(inner: &Arc<Inner>, call: &Call<'_>, object: &str) -> Result<Response, Failure> {
    let media = call.media();
    if !PATCHES.contains(&media.as_str()) {
        return Err(Failure::unknown_patch());
    }
    let mut how = call.how()?;
    let key = call.key(object);
    let force = call.query("force");
    if media == "application/apply-patch+yaml" {
        if call.query("fieldManager").is_none_or(|name| name.is_empty()) {
            let cause = Cause::required("fieldManager", "is required for apply patch");
            return Err(Failure::options("PatchOptions", &[cause]));
        }
        let intent = call.body()?;
        let force = force.as_deref() == Some("true");
        let mut store = inner.locked();
        let (written, made) =
            apply::apply(&mut store, call.resource, &key, intent, &mut how, force)?;
        let status = if made { StatusCode::CREATED } else { StatusCode::OK };
        return Ok(call.reply(status, &written, &how));
    }
    if force.is_some() {
        let cause = Cause::forbidden("force", "may not be specified for non-apply patch");
        return Err(Failure::options("PatchOptions", &[cause]));
    }
    let change = call.body()?;
    let mut store = inner.locked();
    let Some(live) = store.get(&key) else {
        return Err(Failure::not_found(call.resource, object));
    };
    let mut next = convert::outward(&store, call.resource, live)?;
    match media.as_str() {
        "application/json-patch+json" => {
            if !change.is_array() {
                return Err(Failure::bad_request("error decoding patch: it is no list"));
            }
            patch::json_patch(&mut next, &change).map_err(|_| Failure::rejected())?;
        }
        "application/merge-patch+json" => patch::merge_patch(&mut next, &change),
        _ => {
            let api_version = call.resource.api_version();
            let Some(definition) = definitions::of(&api_version, call.resource.kind) else {
                let known = [PATCHES[0], PATCHES[1], PATCHES[3]];
                return Err(Failure::unsupported_media(&known));
            };
            patch::strategic(&mut next, &change, definition).map_err(Failure::internal)?;
        }
    }
    if !next.is_object() {
        return Err(Failure::bad_request("the patch makes no object of it"));
    }
    check_name(&next, object)?;
    let place = text(&next, "/metadata/namespace");
    if !place.is_empty() && place != key.namespace {
        return Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    let uid = text(&next, "/metadata/uid").to_owned();
    if !uid.is_empty() && uid != text(live, "/metadata/uid") {
        let cause = Cause::invalid("metadata.uid", &json!(uid), "field is immutable");
        return Err(Failure::invalid(call.resource, object, &[cause.clone(), cause]));
    }
    how.patch = Some(match media.as_str() {
        "application/strategic-merge-patch+json" => check::plain(&change),
        _ => next.to_string(),
    });
    let written = admit::update(&mut store, call.resource, &key, next, &mut how)?;
    Ok(call.reply(StatusCode::OK, &written, &how))
}

fn deleted(inner: &Arc<Inner>, call: &Call<'_>, object: &str) -> Result<Response, Failure> {
    let options = call.delete_options()?;
    let mut store = inner.locked();
    if let Some(old) = store.get(&call.key(object)) {
        let wish = Wish { resource: call.resource, subresource: None, old: Some(old), new: None };
        let manner = Manner { dry_run: options.dry_run, manager: "" };
        for kind in [hooks::MUTATING, hooks::VALIDATING] {
            hooks::ask(&store, kind, &wish, &manner)?;
        }
    }
    let outcome = delete::delete(&mut store, call.resource, &call.key(object), &options)?;
    let mut response = match outcome {
        Deleted::Waiting(object) | Deleted::Was(object) => {
            Response::json(StatusCode::OK, &convert::outward(&store, call.resource, &object)?)
        }
        Deleted::Gone(uid) => {
            let mut details = json!({"name": object});
            if !call.resource.group.is_empty() {
                details["group"] = json!(call.resource.group);
            }
            details["kind"] = json!(call.resource.plural);
            details["uid"] = json!(uid);
            let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {},
                "status": "Success", "details": details});
            Response::json(StatusCode::OK, &status)
        }
    };
    if call.resource.kind == "Job" && options.propagation.is_none() {
        let text = "child pods are preserved by default when jobs are deleted; set \
            propagationPolicy=Background to remove them or set propagationPolicy=Orphan to \
            suppress this warning";
        warn(&mut response, &[text.to_owned()]);
    }
    Ok(response)
}

fn deleted_collection(inner: &Arc<Inner>, call: &Call<'_>) -> Result<Response, Failure> {
    let options = call.delete_options()?;
    let labels = call.query("labelSelector").unwrap_or_default();
    let fields = call.query("fieldSelector").unwrap_or_default();
    let selector = Selector::parse(&labels, &fields, call.resource.kind)?;
    let wanted = Wanted {
        namespace: (!call.namespace.is_empty()).then(|| call.namespace.clone()),
        selector,
        ..Wanted::default()
    };
    let mut store = inner.locked();
    let list = read::list(&store, call.resource, &wanted, Form::Plain)?;
    for item in list["items"].as_array().into_iter().flatten() {
        let key = Key::new(call.resource, text(item, "/metadata/namespace"), name(item));
        delete::delete(&mut store, call.resource, &key, &options)?;
    }
    Ok(Response::json(StatusCode::OK, &list))
}

impl Call<'_> {
    /// Gives a value of the query.
    pub fn query(&self, name: &str) -> Option<String> {
        self.query.get(name).cloned()
    }

    /// Says whether a flag of the query is set.
    pub fn flag(&self, name: &str) -> bool {
        self.query.get(name).is_some_and(|value| matches!(value.as_str(), "true" | "1" | ""))
    }

    /// Gives the key of an object of the type.
    pub fn key(&self, name: &str) -> Key {
        Key::new(self.resource, &self.namespace, name)
    }

    /// Gives the form that the client wants.
    pub fn form(&self) -> Form {
        let accept = self.request.header("accept").unwrap_or_default();
        read::form(accept, self.query.get("includeObject").map_or("", String::as_str))
    }

    /// Gives the body's media type.
    pub fn media(&self) -> String {
        let header = self.request.header("content-type").unwrap_or("application/json");
        header.split(';').next().unwrap_or_default().trim().to_owned()
    }

    /// Reads the body, JSON or YAML.
    ///
    /// # Errors
    /// A body that is neither.
    pub fn body(&self) -> Result<Json, Failure> {
        body(self.request)
    }

    /// Reads the body where it must be an object.
    ///
    /// # Errors
    /// A body that is none.
    pub fn object(&self) -> Result<Json, Failure> {
        if !BODIES.contains(&self.media().as_str()) {
            return Err(Failure::unsupported_media(BODIES));
        }
        if self.request.body.is_empty() {
            return Err(Failure::bad_request(format!(
                "the object provided is unrecognized (must be of type {}): couldn't get \
                 version/kind; json parse error: unexpected end of JSON input (<empty>)",
                self.resource.kind
            )));
        }
        let body = self.body()?;
        if body.is_object() {
            return Ok(body);
        }
        let given = match body {
            Json::Array(_) => "array",
            Json::String(_) => "string",
            Json::Bool(_) => "bool",
            _ => "number",
        };
        Err(Failure::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): couldn't get version/kind; \
             json parse error: json: cannot unmarshal {given} into Go value of type struct {{ \
             APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
             \"json:\\\"kind,omitempty\\\"\" }} ({})",
            self.resource.kind,
            hex::encode(&self.request.body[..self.request.body.len().min(16)]),
        )))
    }

    /// Gives how a write is to be made.
    ///
    /// # Errors
    /// Values of the query that do not exist.
    pub fn how(&self) -> Result<How, Failure> {
        let agent = self.request.header("user-agent").unwrap_or("unknown");
        let agent = agent.split('/').next().unwrap_or(agent);
        let manager = self
            .query("fieldManager")
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| agent.to_owned());
        let options = match self.request.method {
            Method::POST => "CreateOptions",
            Method::PUT => "UpdateOptions",
            _ => "PatchOptions",
        };
        if manager.len() > 128 {
            return Err(Failure::options(options, &[Cause::too_long("fieldManager", 128)]));
        }
        let validation = match self.query("fieldValidation").as_deref() {
            Some("Strict") => Validation::Strict,
            Some("Ignore") => Validation::Ignore,
            None | Some("" | "Warn") => Validation::Warn,
            Some(other) => {
                let known = ["", "Ignore", "Strict", "Warn"];
                let cause = Cause::unsupported("fieldValidation", &json!(other), &known);
                return Err(Failure::options(options, &[cause]));
            }
        };
        let dry_run = match self.query("dryRun").as_deref() {
            None | Some("") => false,
            Some("All") => true,
            Some(other) => {
                let mut cause = Cause::unsupported("dryRun", &json!(other), &["All"]);
                cause.message = cause.message.replacen(
                    &format!("{other:?}"),
                    &format!("[]string{{{other:?}}}"),
                    1,
                );
                return Err(Failure::options(options, &[cause]));
            }
        };
        let mut writer = Writer::new(manager, self.resource.api_version());
        writer.subresource = self.subresource.clone();
        Ok(How {
            writer,
            validation,
            dry_run,
            managed: false,
            twice: self.twice(),
            patch: None,
            warnings: Vec::new(),
        })
    }

    /// Gives the fields that the body has twice, where that is looked for.
    fn twice(&self) -> Vec<String> {
        let media = self.media();
        match media.contains("patch") || media.contains("protobuf") || self.subresource.is_some() {
            true => Vec::new(),
            false => twice::fields(&self.request.body),
        }
    }

    /// Makes the answer to a write.
    pub fn reply(&self, status: StatusCode, object: &Json, how: &How) -> Response {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let shaped = match self.form() {
            Form::Plain => object.clone(),
            form => read::shaped(form, self.resource, object, now),
        };
        let mut response = Response::json(status, &shaped);
        warn(&mut response, &how.warnings);
        response
    }

    fn delete_options(&self) -> Result<Options, Failure> {
        let body = if self.request.body.is_empty() { json!({}) } else { self.body()? };
        Options::parse(&body, &|name| self.query(name))
    }
}

/// Reads a request's body, JSON or YAML.
///
/// # Errors
/// A body that is neither.
pub fn body(request: &Request) -> Result<Json, Failure> {
    let media = request.header("content-type").unwrap_or("application/json");
    let wrong = |fault: String| Failure::bad_request(format!("error decoding the body: {fault}"));
    if media.contains("application/vnd.kubernetes.protobuf") {
        return protobuf::read(&request.body).map_err(wrong);
    }
    if media.contains("cbor") {
        return Err(Failure::unsupported_media(BODIES));
    }
    if let Ok(value) = serde_json::from_slice(&request.body) {
        return Ok(value);
    }
    if !media.contains("yaml") {
        let fault = serde_json::from_slice::<Json>(&request.body)
            .map_or_else(|fault| fault.to_string(), |_| String::new());
        return Err(wrong(fault));
    }
    let text = std::str::from_utf8(&request.body).map_err(|fault| wrong(fault.to_string()))?;
    serde_saphyr::from_str(text).map_err(|fault| wrong(fault.to_string()))
}

fn warn(response: &mut Response, warnings: &[String]) {
    for warning in warnings {
        let text = format!("299 - {warning:?}");
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers.append("warning", value);
        }
    }
}
