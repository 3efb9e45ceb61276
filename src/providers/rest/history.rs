//! Who has touched objects, from the Cloud Audit Logs: one question for many objects of a project, as far back as our own last
//! change of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::addr::Mode;
use crate::http::Method;
use crate::providers::habits;
use crate::providers::touch::{History, ToldBy, Touch, Touched};
use crate::value::Value;

use super::api::Ask;
use super::catalog::Entry;
use super::requested;
use super::session::RestSession;
use super::spec::Part;
use super::template::text_at;

/// How far back the logs are asked for: questions over longer times are slow.
const DAYS: i64 = 30;
/// A filter has 20,000 characters at the most.
const LONGEST: usize = 16_000;
/// So many entries are asked for at once, and so many pages of them.
const PAGE: usize = 1000;
const PAGES: usize = 20;

/// The logs in which changes are.
const LOGS: &str = "(log_id(\"cloudaudit.googleapis.com/activity\") OR log_id(\"cloudaudit.googleapis.com/system_event\") OR \
                    log_id(\"cloudaudit.googleapis.com/data_access\"))";

/// Asks for those of the objects that differ.
pub(super) async fn history(session: &RestSession, asked: &[Touched]) -> History {
    let mut history = History::of_none(asked.len());
    let mut projects: BTreeMap<String, Vec<(usize, Vec<String>)>> = BTreeMap::new();
    for (place, touched) in asked.iter().enumerate().filter(|(_, touched)| touched.differs) {
        let value = located(session, touched);
        let Some(project) = text_at(&value, "project").or_else(|| project(session)) else {
            continue;
        };
        let names = names(
            session,
            &touched.type_name,
            &value.with_field("project", Value::string(&project)),
        );
        if !names.is_empty() {
            projects.entry(project).or_default().push((place, names));
        }
    }
    let known: Vec<Option<Arc<Entry>>> = asked
        .iter()
        .map(|touched| session.catalog.entry(Mode::Managed, &touched.type_name))
        .collect();
    for (project, objects) in projects {
        ask_all(session, &project, (&objects, None), &known, &mut history).await;
    }
    history
}

/// Asks for objects by their names in the session's own project.
///
/// In several clusters there may be objects of one name: only entries of the cluster at that address count. Where nobody tells
/// which one that is, those of any do that alone has a name in the logs.
pub(super) async fn logged(
    session: &RestSession,
    lives_at: &str,
    names: &[Vec<String>],
) -> Option<History> {
    session.api.bases.get("logging")?;
    let project = project(session)?;
    let mut history = History::of_none(names.len());
    let objects: Vec<(usize, Vec<String>)> = names.iter().cloned().enumerate().collect();
    let within = cluster_at(session, &project, lives_at).await;
    ask_all(session, &project, (&objects, Some(&within)), &[], &mut history).await;
    Some(history)
}

/// A cluster as the logs name it: its place and its name.
type Named = (String, String);

/// Finds the cluster at an address; nothing where the clusters cannot be listed or none is there.
async fn cluster_at(session: &RestSession, project: &str, lives_at: &str) -> Option<Named> {
    session.api.bases.get("container")?;
    let what = format!("listing the clusters of the project \"{project}\"");
    let ask = Ask::get("container", format!("projects/{project}/locations/-/clusters"), what);
    let list = session.api.send(&ask, &*session.api.clock).await.ok()?;
    let clusters = list.get("clusters").and_then(Json::as_array)?;
    named_at(clusters, lives_at)
}

/// Finds the cluster that has an address among its endpoints.
fn named_at(clusters: &[Json], lives_at: &str) -> Option<Named> {
    let host = lives_at.split("://").last()?.trim_end_matches('/');
    let ends = [
        "/endpoint",
        "/privateClusterConfig/privateEndpoint",
        "/privateClusterConfig/publicEndpoint",
        "/controlPlaneEndpointsConfig/dnsEndpointConfig/endpoint",
    ];
    let has = |cluster: &&Json| {
        let mut own = ends.iter().filter_map(|place| cluster.pointer(place).and_then(Json::as_str));
        own.any(|end| end == host || Some(end) == host.strip_suffix(":443"))
    };
    let cluster = clusters.iter().find(has)?;
    let text = |name: &str| cluster.get(name).and_then(Json::as_str).map(str::to_string);
    Some((text("location")?, text("name")?))
}

/// Gives the cluster that an entry is of.
fn cluster_of(entry: &Json) -> Option<Named> {
    let label = |name: &str| {
        let label = entry.pointer(&format!("/resource/labels/{name}"));
        label.and_then(Json::as_str).map(str::to_string)
    };
    Some((label("location")?, label("cluster_name")?))
}

/// Keeps the entries of one cluster: of the one that is named, or of the only one that there is.
fn of_cluster(entries: Vec<Json>, within: Option<&Named>) -> Vec<Json> {
    let all: BTreeSet<Named> = entries.iter().filter_map(cluster_of).collect();
    let only = if all.len() == 1 { all.first() } else { None };
    let Some(within) = within.or(only) else { return Vec::new() };
    entries.into_iter().filter(|entry| cluster_of(entry).as_ref() == Some(within)).collect()
}

fn project(session: &RestSession) -> Option<String> {
    session.defaults.fill("project").and_then(Value::as_str).map(str::to_string)
}

/// Gives the object with what the provider block says of where it is.
fn located(session: &RestSession, touched: &Touched) -> Value {
    let value = touched.live.as_ref().unwrap_or(&touched.recorded).without_marks();
    match session.catalog.entry(Mode::Managed, &touched.type_name) {
        Some(entry) => session.located(&entry.spec, &value),
        None => value,
    }
}

/// Gives the names that an object has in the logs: those of the books, else its id where that is a whole name.
fn names(session: &RestSession, type_name: &str, value: &Value) -> Vec<String> {
    let habits = habits::of(type_name);
    let mut names: Vec<String> =
        habits.logged_as().iter().filter_map(|form| form.from_value(value)).collect();
    if names.is_empty() {
        let id = session.catalog.entry(Mode::Managed, type_name);
        let id = id.and_then(|entry| entry.spec.id.from_value(value));
        names.extend(id.filter(|id| id.starts_with("projects/")));
    }
    // Where a bucket is named as its API does (`b/NAME`), the logs have the name alone.
    names.into_iter().map(|name| name.replace("/buckets/b/", "/buckets/")).collect()
}

/// Asks about objects; `known` has what is known of their types, where requests tell the parts.
async fn ask_all(
    session: &RestSession,
    project: &str,
    (objects, within): (&[(usize, Vec<String>)], Option<&Option<Named>>),
    known: &[Option<Arc<Entry>>],
    history: &mut History,
) {
    let since = session.api.clock.now() - SignedDuration::from_hours(24 * DAYS);
    let mut rest = objects;
    while !rest.is_empty() {
        let mut length = 0;
        let fits = rest.iter().take_while(|(_, names)| {
            length += names.iter().map(|name| name.len() + 6).sum::<usize>();
            length <= LONGEST
        });
        let (some, others) = rest.split_at(fits.count().max(1));
        rest = others;
        let names: Vec<String> =
            some.iter().flat_map(|(_, names)| names).map(|name| format!("{name:?}")).collect();
        let filter = format!(
            "{LOGS} AND timestamp>=\"{since}\" AND protoPayload.resourceName=({})",
            names.join(" OR ")
        );
        match entries(session, project, &filter).await {
            Ok(found) => {
                let found = match within {
                    Some(within) => of_cluster(found, within.as_ref()),
                    None => found,
                };
                for (place, names) in some {
                    let entry = known.get(*place).and_then(Option::as_ref);
                    let parts = entry.map_or(&[][..], |entry| &entry.spec.parts);
                    history.touches[*place] = touches(&found, names, parts);
                }
            }
            Err((note, passes)) => {
                history.notes.push(note);
                history.is_unsure |= passes;
                return;
            }
        }
    }
}

/// Asks for the entries of a filter, the last first; of an error it is said whether it may pass.
async fn entries(
    session: &RestSession,
    project: &str,
    filter: &str,
) -> Result<Vec<Json>, (String, bool)> {
    let mut found = Vec::new();
    let mut token = None;
    for _ in 0..PAGES {
        let mut body = json!({
            "resourceNames": [format!("projects/{project}")], "filter": filter, "orderBy": "timestamp desc", "pageSize": PAGE,
        });
        if let Some(token) = &token {
            body["pageToken"] = json!(token);
        }
        let what = format!("reading the audit logs of the project \"{project}\"");
        let ask = Ask {
            method: Method::POST,
            body: Some(body),
            ..Ask::get("logging", "entries:list", what)
        };
        let mut page = session.api.send(&ask, &*session.api.clock).await.map_err(|refused| {
            let why = refused.message.lines().next().unwrap_or_default().trim_end_matches('.');
            let note = format!(
                "The audit logs of the project \"{project}\" cannot be read, so nobody says who changed what there: {why}."
            );
            (note, refused.error.kind.passes())
        })?;
        if let Some(Json::Array(entries)) = page.get_mut("entries").map(Json::take) {
            found.extend(entries);
        }
        match page.get("nextPageToken").and_then(Json::as_str).filter(|token| !token.is_empty()) {
            Some(next) => token = Some(next.to_string()),
            None => break,
        }
    }
    Ok(found)
}

/// Gives the touches of an object since our own last one.
fn touches(entries: &[Json], names: &[String], parts: &[Part]) -> Vec<Touch> {
    let of_it = entries.iter().filter(|entry| {
        let name = entry.pointer("/protoPayload/resourceName").and_then(Json::as_str);
        name.is_some_and(|name| names.iter().any(|own| own == name))
    });
    of_it.filter_map(|entry| touch(entry, parts)).take_while(|touch| !touch.is_ours).collect()
}

/// Reads an entry; nothing for what failed and for what only reads.
fn touch(entry: &Json, parts: &[Part]) -> Option<Touch> {
    let payload = entry.get("protoPayload")?;
    let text = |place: &str| payload.pointer(place).and_then(Json::as_str).unwrap_or_default();
    let failed =
        payload.pointer("/status/code").and_then(Json::as_i64).is_some_and(|code| code != 0);
    let method = text("/methodName");
    let last = method.rsplit('.').next().unwrap_or(method).to_lowercase();
    let reads = ["get", "list", "test", "watch", "search", "aggregatedlist"];
    if failed || reads.iter().any(|word| last.starts_with(word)) {
        return None;
    }
    let who = text("/authenticationInfo/principalEmail");
    let agent = text("/requestMetadata/callerSuppliedUserAgent");
    let log = entry.get("logName").and_then(Json::as_str).unwrap_or_default();
    let by_google = who.is_empty() || log.ends_with("system_event");
    let when = entry.get("timestamp").and_then(Json::as_str).and_then(|text| text.parse().ok());
    Some(Touch {
        who: if who.is_empty() { "Google".into() } else { who.into() },
        agent: (!agent.is_empty()).then(|| agent.to_string()),
        how: method.to_string(),
        when: when.filter(|when: &Timestamp| *when > Timestamp::UNIX_EPOCH),
        told_by: ToldBy::AuditLog,
        parts: requested::parts(parts, payload),
        is_service: by_google || habits::is_agent(who),
        is_ours: agent.to_lowercase().starts_with("terrane/"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(who: &str, method: &str, agent: &str, code: i64) -> Json {
        json!({
            "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity", "timestamp": "2026-01-01T00:00:00Z",
            "protoPayload": {
                "resourceName": "projects/_/buckets/b", "methodName": method, "status": { "code": code },
                "authenticationInfo": { "principalEmail": who }, "requestMetadata": { "callerSuppliedUserAgent": agent },
            },
        })
    }

    #[test]
    fn objects_of_one_name_in_two_clusters_are_told_apart() {
        let entry = |cluster: &str, who: &str| {
            json!({
                "resource": { "labels": { "location": "a", "cluster_name": cluster } }, "who": who,
            })
        };
        let both = || vec![entry("one", "ana"), entry("two", "bob")];
        let clusters = [
            json!({ "name": "one", "location": "a", "endpoint": "10.0.0.1" }),
            json!({ "name": "two", "location": "a", "endpoint": "10.0.0.2" }),
        ];
        let who = |entries: Vec<Json>| -> Vec<String> {
            entries.iter().map(|of| of["who"].as_str().unwrap().to_string()).collect()
        };

        let two = named_at(&clusters, "https://10.0.0.2:443/");
        assert_eq!(who(of_cluster(both(), two.as_ref())), ["bob"]);
        assert_eq!(named_at(&clusters, "https://10.0.0.3"), None);
        assert!(of_cluster(both(), None).is_empty(), "nobody is blamed");
        assert_eq!(who(of_cluster(vec![entry("one", "ana")], None)), ["ana"]);
    }

    #[test]
    fn what_was_before_our_own_last_change_and_what_failed_or_only_read_is_no_touch() {
        let entries = [
            entry("a@example.com", "storage.buckets.update", "gcloud", 0),
            entry("b@example.com", "storage.buckets.update", "gcloud", 7),
            entry("b@example.com", "storage.buckets.get", "gcloud", 0),
            entry("", "storage.buckets.update", "", 0),
            entry("us@example.com", "storage.buckets.update", "Terrane/1.0", 0),
            entry("c@example.com", "storage.buckets.update", "gcloud", 0),
        ];

        let found = touches(&entries, &["projects/_/buckets/b".into()], &[]);

        let told: Vec<_> =
            found.iter().map(|touch| (touch.who.as_str(), touch.is_service)).collect();
        assert_eq!(told, [("a@example.com", false), ("Google", true)]);
    }
}
