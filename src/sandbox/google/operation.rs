//! Long-running operations, in the shapes of their services.
//!
//! Three shapes: Kubernetes Engine's, Compute's and Cloud SQL's (`status`), and the standard one (`done`). Each takes virtual
//! time; what it does to the objects is done when that has passed.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::sandbox::store::{Effect, Operation, Store, project_number, stamp};

use super::refusal::Refusal;
use super::turn::{self, Answer, Turn};

/// What an operation of Kubernetes Engine is about.
pub struct GkeWork<'a> {
    /// The project's id.
    pub project: &'a str,
    /// The zone or region.
    pub location: &'a str,
    /// The type, like `CREATE_CLUSTER`; empty for the few that answer none.
    pub kind: &'a str,
    /// The path of its target below the location, like `clusters/c`.
    pub target: &'a str,
    /// The object that no second operation may touch meanwhile.
    pub holds: String,
    /// How long it takes.
    pub takes: Duration,
    /// What it does.
    pub effects: Vec<Effect>,
}

/// Begins an operation of Kubernetes Engine and gives its first answer.
pub fn gke(store: &mut Store, now: Timestamp, work: GkeWork<'_>) -> Json {
    let name = format!("operation-{}-{}", now.as_millisecond(), store.letters(8));
    let scope = if is_zone(work.location) { "zones" } else { "locations" };
    let base = format!(
        "https://container.googleapis.com/v1/projects/{}/{scope}/{}",
        project_number(work.project),
        work.location
    );
    let mut shown = json!({
        "name": name,
        "zone": work.location,
        "operationType": work.kind,
        "status": "RUNNING",
        "selfLink": format!("{base}/operations/{name}"),
        "targetLink": format!("{base}/{}", work.target),
        "startTime": stamp(now),
    });
    if work.kind.is_empty()
        && let Some(fields) = shown.as_object_mut()
    {
        fields.remove("operationType");
    }
    let key = format!(
        "container/projects/{}/locations/{}/operations/{name}",
        work.project, work.location
    );
    let operation = Operation {
        shown: shown.clone(),
        due: after(now, work.takes),
        done: false,
        finished: json!({"status": "DONE"}),
        ended_at: "endTime".to_owned(),
        holds: work.holds,
        effects: work.effects,
    };
    store.operations.insert(key, operation);
    store.dirty = true;
    shown
}

/// Begins an operation of Compute Engine; `scope` is `global`, `zones/Z` or `regions/R`.
pub fn compute(
    store: &mut Store,
    now: Timestamp,
    (project, scope): (&str, &str),
    (kind, target): (&str, &Json),
    effects: Vec<Effect>,
) -> Json {
    let name = format!("operation-{}-{}", now.as_millisecond(), store.letters(12));
    let base = format!("https://www.googleapis.com/compute/v1/projects/{project}/{scope}");
    let mut shown = json!({
        "kind": "compute#operation",
        "id": store.number(),
        "name": name,
        "operationType": kind,
        "targetLink": target["selfLink"],
        "targetId": target["id"],
        "status": "RUNNING",
        "user": "user@example.com",
        "progress": 0,
        "insertTime": stamp(now),
        "startTime": stamp(now),
        "selfLink": format!("{base}/operations/{name}"),
    });
    if scope != "global" {
        let field = if scope.starts_with("zones/") { "zone" } else { "region" };
        shown[field] = json!(base);
    }
    let operation = Operation {
        shown: shown.clone(),
        due: after(now, Duration::from_secs(10)),
        done: false,
        finished: json!({"status": "DONE", "progress": 100}),
        ended_at: "endTime".to_owned(),
        holds: String::new(),
        effects,
    };
    store
        .operations
        .insert(format!("compute/projects/{project}/{scope}/operations/{name}"), operation);
    store.dirty = true;
    shown
}

/// Begins an operation of Cloud SQL on an instance; `link` is its target below the instance. One that takes no time is done at
/// once.
pub fn sql(
    store: &mut Store,
    now: Timestamp,
    (project, instance, link): (&str, &str, &str),
    kind: &str,
    (takes, effects): (Duration, Vec<Effect>),
) -> Json {
    let letters = store.letters(32);
    let name = format!("{}-{}-{}", &letters[..8], &letters[8..12], &letters[12..24]);
    let base = format!("https://sqladmin.googleapis.com/sql/v1beta4/projects/{project}");
    let shown = json!({
        "kind": "sql#operation",
        "name": name,
        "operationType": kind,
        "status": "PENDING",
        "user": "user@example.com",
        "insertTime": stamp(now),
        "targetProject": project,
        "targetId": instance,
        "targetLink": format!("{base}/instances/{instance}{link}"),
        "selfLink": format!("{base}/operations/{name}"),
    });
    let key = format!("sqladmin/projects/{project}/operations/{name}");
    let operation = Operation {
        shown,
        due: after(now, takes),
        done: false,
        finished: json!({"status": "DONE", "startTime": stamp(now)}),
        ended_at: "endTime".to_owned(),
        holds: format!("sqladmin/projects/{project}/instances/{instance}"),
        effects,
    };
    store.operations.insert(key.clone(), operation);
    store.dirty = true;
    store.settle(now);
    store.operations[&key].shown.clone()
}

/// Begins an operation in the standard shape. `parent` is what stands before `operations/`, with its slash.
pub fn standard(
    store: &mut Store,
    now: Timestamp,
    (service, parent): (&str, &str),
    metadata: &str,
    response: &Json,
    (takes, effects): (Duration, Vec<Effect>),
) -> Json {
    let name = format!("{parent}operations/{}", store.letters(32));
    let mut shown = json!({"name": name});
    if service == "artifactregistry" {
        shown["metadata"] = json!({"@type": metadata});
    }
    let operation = Operation {
        shown: shown.clone(),
        due: after(now, takes),
        done: false,
        finished: json!({"done": true, "metadata": {"@type": metadata}, "response": response}),
        ended_at: String::new(),
        holds: String::new(),
        effects,
    };
    store.operations.insert(format!("{service}/{name}"), operation);
    store.dirty = true;
    shown
}

/// Begins an operation in the standard shape that tells from the start what it is about. `name` is its full name.
pub fn told(
    store: &mut Store,
    now: Timestamp,
    (service, name, holds): (&str, String, &str),
    (metadata, response): (Json, Json),
    (takes, effects): (Duration, Vec<Effect>),
) -> Json {
    let operation = Operation {
        shown: json!({"name": name, "done": false, "metadata": metadata}),
        due: after(now, takes),
        done: false,
        finished: json!({"done": true, "response": response}),
        ended_at: String::new(),
        holds: holds.to_owned(),
        effects,
    };
    let key = format!("{service}/{name}");
    store.operations.insert(key.clone(), operation);
    store.dirty = true;
    store.settle(now);
    store.operations[&key].shown.clone()
}

/// Says whether a location is a zone.
pub fn is_zone(location: &str) -> bool {
    location.rsplit('-').next().is_some_and(|last| last.len() == 1)
        && location.matches('-').count() == 2
}

/// Gives a location's region.
pub fn region(location: &str) -> &str {
    if is_zone(location) {
        location.rsplit_once('-').map_or(location, |(region, _)| region)
    } else {
        location
    }
}

fn after(now: Timestamp, takes: Duration) -> Timestamp {
    now.checked_add(takes).unwrap_or(now)
}

/// Does a request of Compute Engine, once for each `requestId`: a second one of the same id is answered as the first.
///
/// # Errors
/// As the request's, or the id is none.
pub fn done_once(turn: &mut Turn<'_>, act: fn(&mut Turn<'_>) -> Answer) -> Answer {
    let Some(id) = turn.parameter("requestId").map(str::to_owned) else { return act(turn) };
    if uuid::Uuid::parse_str(&id).is_err() {
        return Err(Refusal::invalid(format!(
            "Invalid value for field 'requestId': '{id}'. Must be a valid UUID."
        )));
    }
    let place = format!("request:{}:{id}", turn.path[0]);
    if let Some(done) = turn.store.hidden.get(&place) {
        return turn::ok(done);
    }
    let answer = act(turn)?;
    if let Ok(body) = serde_json::from_slice::<Json>(answer.bytes()) {
        turn.store.hidden.insert(place, body);
    }
    Ok(answer)
}
