//! `google_api_resource`: an object of any Google API, treated as the API's description says.

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use crate::http::Method;
use crate::http::pace;
use crate::providers::google::described::{
    Changing, Collection, Description, Making, Post, agrees, bundled, change, check, given, laid,
    names, projected,
};
use crate::providers::rest::codec::last_segment;
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::session::RestSession;
use crate::providers::rest::spec::{Call, OperationKind, Spec};
use crate::providers::rest::template::{Template, escape, text_at};
use crate::providers::rest::validate;
use crate::providers::{ApiError, ApiErrorKind, Deed, Failure, Problem, Wanted};
use crate::value::json::{from_json, to_json};
use crate::value::{Path, Value};

/// The hook of `google_api_resource`.
pub struct ApiResource;

fn problem(name: &str, summary: &str, detail: String) -> Problem {
    validate::problem(&Path::root().attribute(name), summary, detail)
}

/// Gives the description that counts: the one that is written, else the bundled one. Nothing while it is not known.
fn description(config: &Value) -> Option<Result<std::sync::Arc<Description>, Problem>> {
    let known = |name: &str| config.field(name).is_none_or(Value::is_known);
    if !["service", "version", "description"].into_iter().all(known) {
        return None;
    }
    if let Some(text) = text_at(config, "description") {
        return Some(given(&text).map_err(|why| problem("description", "Not a description", why)));
    }
    let (service, version) = (text_at(config, "service")?, text_at(config, "version")?);
    Some(bundled(&service, &version).ok_or_else(|| {
        let known = names().collect::<Vec<_>>().join(", ");
        let detail = format!("There is no bundled description of \"{service}\" in the version \"{version}\". Bundled are: {known}.");
        let mut problem = problem("service", "Unknown API", detail);
        problem.help.push("Give the API's discovery document: `description = file(\"….json\")`.".into());
        problem
    }))
}

fn collection(config: &Value, description: &Description) -> Option<Result<Collection, Problem>> {
    let path = text_at(config, "collection")?;
    let found = description.collection(&path);
    Some(found.map_err(|why| problem("collection", "Unknown collection", why)))
}

/// Gives what is known of the calls, from the state or the bundled descriptions.
fn calls(value: &Value) -> Result<Collection, ApiError> {
    let kept = text_at(value, "calls").and_then(|text| Collection::from_text(&text));
    let found = kept.or_else(|| {
        let description = description(value)?.ok()?;
        collection(value, &description)?.ok()
    });
    found.ok_or_else(|| {
        let detail = "How the object is treated is not known: its API has no bundled description, and none is given.";
        ApiError::new(ApiErrorKind::Invalid, "Unknown API", detail)
    })
}

/// The file as it is for one object: where its service is reached, and the kind of its operations.
fn own(spec: &Spec, value: &Value, calls: &Collection) -> Spec {
    let service = text_at(value, "service").unwrap_or_default();
    Spec {
        service: format!("at:{service}/{}", calls.prefix),
        operation: calls.operation,
        ..spec.clone()
    }
}

/// Gives the object with the attributes that the place of an operation is made of.
fn placed(value: &Value) -> Value {
    let path = text_at(value, "collection").unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    const PLACES: [(&str, &str); 4] = [
        ("projects", "project"),
        ("regions", "location"),
        ("zones", "location"),
        ("locations", "location"),
    ];
    PLACES.into_iter().fold(value.clone(), |value, (collection, name)| {
        let after = segments.iter().position(|segment| *segment == collection);
        match after.and_then(|at| segments.get(at + 1)) {
            Some(text) => value.with_field(name, Value::string(*text)),
            None => value,
        }
    })
}

/// Gives the name of an object that the service named, as far as an answer tells it: the name of an operation is its own.
fn named(planned: &Value, answer: &Json, spec: &Spec) -> Value {
    let value = match text_at(planned, "name") {
        Some(_) => planned.clone(),
        None => {
            let text = |path: &str| answer.pointer(path).and_then(Json::as_str);
            let found = text("/targetLink")
                .or_else(|| text("/metadata/target"))
                .or_else(|| text("/response/name"));
            let is_operation = spec.operation != OperationKind::None && is_operation(answer);
            let own = || own_name(answer);
            let name = found.or_else(|| if is_operation { None } else { own() }).map(last_segment);
            name.map_or_else(
                || planned.clone(),
                |name| planned.with_field("name", Value::string(name)),
            )
        }
    };
    let id = spec.id.value(&value);
    value.with_field("id", id)
}

/// Gives the name of an object as the service tells it: some tell a link or an id in its place.
fn own_name(object: &Json) -> Option<&str> {
    ["resourceName", "name", "selfLink", "id"]
        .into_iter()
        .find_map(|member| object[member].as_str().filter(|name| !name.is_empty()))
}

fn is_operation(answer: &Json) -> bool {
    let has = |member: &str| answer.get(member).is_some();
    let name = answer["name"].as_str().unwrap_or_default();
    let kind = answer["kind"].as_str().unwrap_or_default();
    name.contains("operations/") || kind.ends_with("#operation") || has("operationType")
}

fn body(value: &Value) -> Json {
    let body = value.field("body").map(|body| to_json(&body.without_marks()));
    body.filter(Json::is_object).unwrap_or_else(|| json!({}))
}

/// Gives the configuration of what a job makes or changes.
fn written<'a>(job: &'a Job<'_>, planned: &'a Value) -> &'a Value {
    match &job.action.deed {
        Deed::Create { config, .. } | Deed::Update { config, .. } => config,
        Deed::Delete { .. } => planned,
    }
}

fn query(path: &mut String, name: &str, text: &str) {
    path.push(if path.contains('?') { '&' } else { '?' });
    path.push_str(&format!("{}={}", escape(name, true), escape(text, true)));
}

/// Gives the request that makes the object, but for its body's frame.
fn making(calls: &Collection, spec: &Spec) -> Result<Call, ApiError> {
    let Some(call) = &spec.create else { return Err(cannot("made")) };
    match &calls.making {
        Some(Making::Post(_)) => Ok(call.clone()),
        Some(Making::Put) => Ok(Call {
            method: Method::PUT,
            path: Template::parse("{collection}/{name}"),
            ..call.clone()
        }),
        None => Err(cannot("made")),
    }
}

fn cannot(what: &str) -> ApiError {
    let detail = format!("The API has no call by which an object of this collection is {what}.");
    ApiError::new(ApiErrorKind::Invalid, "Not possible with this API", detail)
}

/// Gives the body of the request that makes the object.
fn framed(post: &Post, planned: &Value) -> Json {
    let (mut object, name) = (body(planned), text_at(planned, "name"));
    if let (None, None, Some(name)) = (&post.query, &post.named, &name)
        && object.get("name").is_none()
    {
        object["name"] = json!(name);
    }
    let Some(member) = &post.member else { return object };
    let mut framed = json!({ member: object });
    if let (Some(named), Some(name)) = (&post.named, name) {
        framed[named] = json!(name);
    }
    framed
}

#[async_trait]
impl Hook for ApiResource {
    fn validate(&self, config: &Value) -> Vec<Problem> {
        let description = match description(config) {
            Some(Ok(description)) => description,
            Some(Err(problem)) => return vec![problem],
            None => return Vec::new(),
        };
        let calls = match collection(config, &description) {
            Some(Ok(calls)) => calls,
            Some(Err(problem)) => return vec![problem],
            None => return Vec::new(),
        };
        let mut problems = Vec::new();
        let nameless = config.field("name").is_none_or(Value::is_null);
        if calls.making == Some(Making::Put) && nameless {
            problems.push(problem(
                "name",
                "Missing name",
                "The service does not name objects of this collection: set \"name\".".into(),
            ));
        }
        if let (Some(schema), Some(body)) = (&calls.schema, config.field("body")) {
            let found = check(&description, schema, body, &Path::root().attribute("body"));
            problems.extend(found.into_iter().map(|strange| Problem {
                path: strange.path,
                ..problem("body", "Not what the API takes", strange.detail)
            }));
        }
        problems
    }

    fn plan(&self, draft: &mut Draft<'_>) {
        let found = description(draft.config).and_then(Result::ok);
        let found = found.and_then(|description| collection(draft.config, &description)?.ok());
        if let Some(calls) = &found {
            draft.after = draft.after.with_field("calls", Value::string(calls.to_text()));
        }
        let Some(prior) = draft.prior else { return };
        let (Some(before), Some(after)) = (prior.field("body"), draft.after.field("body")) else {
            return;
        };
        let changes = before != after;
        // What was imported has no body yet: where the service tells all that is written, nothing is to be sent.
        let told = prior.field("output").map(to_json);
        let same = after.is_whole() && agrees(&to_json(after), told.as_ref());
        if changes && !same && found.is_some_and(|calls| calls.changing.is_none()) {
            draft.replaces.push(Path::root().attribute("body"));
        }
    }

    fn decoded(&self, value: Value, object: &Json, base: Option<&Value>) -> Value {
        let written = base
            .and_then(|base| base.field("body"))
            .filter(|body| body.is_known() && !body.is_null());
        let mut value = match written {
            Some(body) => {
                let json = to_json(body);
                let was = base.and_then(|base| base.field("output"));
                let was = was.filter(|was| was.is_known() && !was.is_null()).map(to_json);
                let told = projected(&json, Some(object), was.as_ref());
                let body = if told == json { body.clone() } else { from_json(&told) };
                value.with_field("body", body)
            }
            None => value,
        };
        if text_at(&value, "name").is_none()
            && let Some(name) = own_name(object)
        {
            value = value.with_field("name", Value::string(last_segment(name)));
        }
        value.with_field("output", from_json(object))
    }

    fn imported(&self, value: Value) -> Value {
        match calls(&value) {
            Ok(calls) => value.with_field("calls", Value::string(calls.to_text())),
            Err(_) => value,
        }
    }

    async fn read_many(
        &self,
        session: &RestSession,
        spec: &Spec,
        wanted: &[&Wanted],
    ) -> Option<Vec<Result<Option<Value>, ApiError>>> {
        let reads: Vec<_> = wanted
            .iter()
            .map(|wanted| async move {
                let own = own(spec, &wanted.value, &calls(&wanted.value)?);
                let what = format!("reading {}", wanted.address);
                match session.get(&own, &wanted.value, &what).await? {
                    Some(json) => Ok(Some(session.observe(&own, json, Some(&wanted.value)).await)),
                    None => Ok(None),
                }
            })
            .collect();
        Some(pace::all(&session.api.pace, reads).await)
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let calls = calls(planned)?;
        let own = own(job.spec, planned, &calls);
        let job = &Job { spec: &own, ..*job };
        let until = job.until("create", planned);
        let call = making(&calls, &own)?;
        let post = match &calls.making {
            Some(Making::Post(post)) => post.clone(),
            _ => Post { query: Some(String::new()), ..Post::default() },
        };
        let mut ask = job.ask(&call, planned, Some(framed(&post, planned)), "creating")?;
        if let (Some(parameter), Some(name)) =
            (post.query.filter(|name| !name.is_empty()), text_at(planned, "name"))
        {
            query(&mut ask.path, &parameter, &name);
        }
        for (name, value) in planned.field("query").and_then(Value::fields).into_iter().flatten() {
            query(&mut ask.path, name, value.as_str().unwrap_or_default());
        }
        let answer = job.made(&ask, planned, until).await?;
        let value = named(planned, &answer, &own);
        if text_at(&value, "name").is_some() {
            job.keep(&value).await;
        }
        let value = match job.wait(answer, &placed(&value), until).await {
            Ok(done) => named(&value, &done, &own),
            Err(error) => return Err(job.failed(error, &value).await),
        };
        job.settle(&value, until).await
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        let calls = calls(planned)?;
        let own = own(job.spec, planned, &calls);
        let job = &Job { spec: &own, ..*job };
        let until = job.until("update", planned);
        let live = job.session.get(&own, planned, &job.what("reading")).await?.unwrap_or_default();
        // What was imported has no body: then what the service tells is what is changed.
        let before = match prior.field("body").is_none_or(Value::is_null) {
            true => projected(&body(planned), Some(&live), Some(&live)),
            false => body(prior),
        };
        // The description is written only: what is planned has none.
        let known =
            description(written(job, planned)).and_then(Result::ok).and_then(|description| {
                let schema = collection(planned, &description)?.ok()?.schema?;
                Some((description, schema))
            });
        let is_open = |path: &str| {
            known
                .as_ref()
                .is_some_and(|(description, schema)| description.has_members(schema, path))
        };
        let merges = calls.changing == Some(Changing::Merged);
        let (mut patch, mask) = change(&before, &body(planned), &is_open, merges);
        let (Some(call), false) = (&own.update.call, mask.is_empty()) else {
            return job.settle(planned, until).await;
        };
        if calls.changing == Some(Changing::Whole) {
            patch = laid(Some(&live), &before, &body(planned));
        }
        for mark in ["etag", "fingerprint"] {
            if let Some(found) = live.get(mark).filter(|found| found.is_string()) {
                patch[mark] = found.clone();
            }
        }
        let mask = mask.join(",");
        if let Some(Changing::Wrapped(member)) = &calls.changing {
            if patch.get("name").is_none() && live.get("name").is_some() {
                patch["name"] = live["name"].clone();
            }
            patch = json!({ member: patch, "updateMask": mask });
        }
        let mut call = call.clone();
        match &calls.changing {
            Some(Changing::Whole) => call.method = Method::PUT,
            Some(_) => {}
            None => return Err(cannot("changed").into()),
        }
        let mut ask = job.ask(&call, planned, Some(patch), "updating")?;
        if calls.changing == Some(Changing::Masked) {
            query(&mut ask.path, "updateMask", &mask);
        }
        let answer = job.send(&ask, planned, until).await?;
        job.wait(answer, &placed(planned), until).await?;
        job.settle(planned, until).await
    }

    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        let calls = calls(prior)?;
        if !calls.removing {
            job.desk.note("the API has no call to remove it: it is only forgotten");
            return Ok(());
        }
        let own = own(job.spec, prior, &calls);
        let job = &Job { spec: &own, ..*job };
        let Some(call) = &own.delete else { return Ok(()) };
        let until = job.until("delete", prior);
        let ask = job.ask(call, prior, None, "deleting")?;
        match job.send(&ask, prior, until).await {
            Ok(answer) => Ok(job.wait(answer, &placed(prior), until).await.map(|_| ())?),
            Err(refused) if refused.is_not_found() => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }
}
