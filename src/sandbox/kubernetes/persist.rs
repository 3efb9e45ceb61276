//! A cluster as JSON, for the world's file, and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::Inner;
use super::store::{Key, Line, Run, Store, text};
use crate::sandbox::ClusterName;

/// Writes a cluster; what it asked of the cloud has been done.
pub fn write(inner: &Inner) -> Json {
    let store = inner.locked();
    let objects: Vec<Json> = store
        .objects
        .iter()
        .map(|(key, object)| json!({"group": key.group, "plural": key.plural, "object": **object}))
        .collect();
    let logs: BTreeMap<&String, Vec<Json>> = store
        .logs
        .iter()
        .map(|(place, lines)| {
            (place, lines.iter().map(|line| json!([line.at.to_string(), line.text])).collect())
        })
        .collect();
    let runs: BTreeMap<&String, Json> =
        store.runs.iter().map(|(place, run)| (place, run_to_json(run))).collect();
    let marks: BTreeMap<&String, String> =
        store.marks.iter().map(|(mark, moment)| (mark, moment.to_string())).collect();
    json!({"project": inner.name.project, "location": inner.name.location,
        "cluster": inner.name.cluster, "version": inner.version(),
        "revision": store.revision, "now": store.now.to_string(),
        "counter": store.counter, "seed": store.seed.to_string(), "objects": objects,
        "logs": logs, "runs": runs, "marks": marks, "uploads": store.uploads, "passwords": store.passwords})
}

/// Reads a cluster.
pub fn read(json: &Json) -> Result<(ClusterName, String, Store), String> {
    let word = |name: &str| {
        json[name].as_str().map(str::to_owned).ok_or_else(|| format!("a cluster has no \"{name}\""))
    };
    let name = ClusterName {
        project: word("project")?,
        location: word("location")?,
        cluster: word("cluster")?,
    };
    let now: Timestamp = word("now")?.parse().map_err(|fault| format!("\"now\": {fault}"))?;
    let seed = word("seed")?.parse().map_err(|fault| format!("\"seed\": {fault}"))?;
    let mut store = Store::new(now, seed);
    store.revision = json["revision"].as_u64().ok_or("a cluster has no \"revision\"")?;
    store.counter = json["counter"].as_u64().unwrap_or_default();
    for row in json["objects"].as_array().into_iter().flatten() {
        let object = row["object"].clone();
        let key = Key {
            group: text(row, "/group").to_owned(),
            plural: text(row, "/plural").to_owned(),
            namespace: text(&object, "/metadata/namespace").to_owned(),
            name: text(&object, "/metadata/name").to_owned(),
        };
        store.objects.insert(key, Arc::new(object));
    }
    for (place, lines) in json["logs"].as_object().into_iter().flatten() {
        let lines = lines
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|line| {
                let at = line[0].as_str()?.parse().ok()?;
                Some(Line { at, text: line[1].as_str()?.to_owned() })
            })
            .collect();
        store.logs.insert(place.clone(), lines);
    }
    for (place, run) in json["runs"].as_object().into_iter().flatten() {
        store.runs.insert(place.clone(), run_from_json(run));
    }
    for (mark, moment) in words(&json["marks"]) {
        if let Ok(moment) = moment.parse() {
            store.marks.insert(mark, moment);
        }
    }
    store.uploads = words(&json["uploads"]);
    store.passwords = words(&json["passwords"]);
    super::custom::served(&mut store);
    Ok((name, word("version")?, store))
}

fn run_to_json(run: &Run) -> Json {
    let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
    let last = run.last.map(|(start, end, code)| json!([start.to_string(), end.to_string(), code]));
    json!({"started": moment(run.started), "ends": moment(run.ends), "code": run.code,
        "ready": moment(run.ready), "restarts": run.restarts, "last": last})
}

fn run_from_json(json: &Json) -> Run {
    let moment = |value: &Json| value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let last = &json["last"];
    Run {
        started: moment(&json["started"]),
        ends: moment(&json["ends"]),
        code: json["code"].as_i64().unwrap_or_default(),
        ready: moment(&json["ready"]),
        restarts: json["restarts"].as_i64().unwrap_or_default(),
        last: moment(&last[0])
            .zip(moment(&last[1]))
            .map(|(start, end)| (start, end, last[2].as_i64().unwrap_or_default())),
    }
}

fn words(json: &Json) -> BTreeMap<String, String> {
    json.as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}
