//! Who has touched objects: the entries of `managedFields` with what each has, events of what is gone, and what people have added
//! where reading the state's fields does not look.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use url::form_urlencoded::byte_serialize;

use crate::providers::ApiError;
use crate::providers::habits;
use crate::providers::touch::{History, ToldBy, Touch, Touched};
use crate::value::json::from_json;
use crate::value::{Path, Value};

use super::apply::{MANAGER, is_keeper};
use super::client::Cluster;
use super::manifest::is_manifest;
use super::object::Name;
use super::place::at;
use super::session::{KubernetesSession, name_of};
use super::tables::{Kind, Node, Nodes, Way};

/// Objects of one kind and namespace, each with its place among those that were asked about.
type Groups<'a> = BTreeMap<(String, String), (Cow<'static, Kind>, Vec<(usize, Name, &'a Touched)>)>;

/// Asks about objects: one list for several of a kind and namespace.
pub(super) async fn history(session: &KubernetesSession, asked: &[Touched]) -> History {
    let mut history = History::of_none(asked.len());
    history.lives_at = session.cluster.host().await;
    let mut groups: Groups<'_> = BTreeMap::new();
    for (place, touched) in asked.iter().enumerate() {
        let Ok(kind) = session.kind_of(&touched.type_name, &touched.recorded).await else {
            continue;
        };
        if !matches!(kind.way, Way::Whole | Way::Adopted) {
            continue;
        }
        let Some(name) = name_of(&kind, &touched.recorded) else { continue };
        let key = (format!("{}/{}", kind.api_version, kind.kind), name.namespace.clone());
        groups.entry(key).or_insert_with(|| (kind, Vec::new())).1.push((place, name, touched));
    }
    for ((_, namespace), (kind, objects)) in groups {
        let live = match read(session, &kind, &namespace, &objects).await {
            Ok(live) => live,
            Err(error) => {
                history.is_unsure |= error.kind.passes();
                history.notes.push(format!(
                    "Who changed the objects of the kind {} cannot be read: {}.",
                    kind.kind,
                    error.detail.trim_end_matches('.')
                ));
                continue;
            }
        };
        for (place, name, touched) in objects {
            history.logged_as[place] = vec![logged_as(&kind, &name)];
            match live.get(&name.name) {
                Some(live) => {
                    let fields = Fields { kind: &kind, manifest: is_manifest(&touched.type_name) };
                    (history.touches[place], history.added[place]) = fields.told(touched, live);
                }
                None => history.touches[place] = events(&session.cluster, &kind, &name).await,
            }
        }
    }
    history
}

async fn read(
    session: &KubernetesSession,
    kind: &Kind,
    namespace: &str,
    objects: &[(usize, Name, &Touched)],
) -> Result<BTreeMap<String, Json>, ApiError> {
    if let [(_, name, _)] = objects {
        return match session.cluster.get(&kind.path(namespace, &name.name)).await {
            Ok(live) => Ok([(name.name.clone(), live)].into()),
            Err(refusal) if refusal.is_gone() => Ok(BTreeMap::new()),
            Err(refusal) => Err(refusal.error),
        };
    }
    session.list(kind, namespace).await
}

/// Names an object as the audit logs of its cloud do: `apps/v1/namespaces/web/deployments/api`.
fn logged_as(kind: &Kind, name: &Name) -> String {
    let version = match kind.api_version.contains('/') {
        true => kind.api_version.clone(),
        false => format!("core/{}", kind.api_version),
    };
    match kind.namespaced {
        true => format!("{version}/namespaces/{}/{}/{}", name.namespace, kind.plural, name.name),
        false => format!("{version}/{}/{}", kind.plural, name.name),
    }
}

/// Gives the events of an object that is gone: an eviction, a preemption.
async fn events(cluster: &Cluster, kind: &Kind, name: &Name) -> Vec<Touch> {
    if !kind.namespaced {
        return Vec::new();
    }
    let fields = format!("involvedObject.kind={},involvedObject.name={}", kind.kind, name.name);
    let fields: String = byte_serialize(fields.as_bytes()).collect();
    let path = format!("/api/v1/namespaces/{}/events?fieldSelector={fields}", name.namespace);
    let Ok(list) = cluster.get(&path).await else { return Vec::new() };
    const ENDS: &[&str] =
        &["Evicted", "Killing", "Preempted", "TaintManagerEviction", "ScaleDown", "Preempting"];
    let mut found: Vec<Touch> = list["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|event| ENDS.iter().any(|reason| event["reason"] == *reason))
        .map(|event| {
            let text =
                |place: &str| event.pointer(place).and_then(Json::as_str).unwrap_or_default();
            let who = [text("/source/component"), text("/reportingComponent"), "the cluster"];
            let when = [text("/lastTimestamp"), text("/eventTime")];
            Touch {
                who: who.into_iter().find(|who| !who.is_empty()).unwrap_or_default().to_string(),
                agent: None,
                how: text("/reason").to_string(),
                when: when.into_iter().find_map(|when| when.parse().ok()),
                told_by: ToldBy::Event,
                parts: Vec::new(),
                is_service: true,
                is_ours: false,
            }
        })
        .collect();
    found.sort_by_key(|touch| std::cmp::Reverse(touch.when));
    found
}

/// Reads who has which fields of objects of a kind.
struct Fields<'a> {
    kind: &'a Kind,
    manifest: bool,
}

/// A field that somebody has: as the state names it, with what stands there.
struct Leaf {
    path: Path,
    live: Json,
}

impl Fields<'_> {
    /// Gives the touches of an object, the last first, and what people have added to it.
    fn told(&self, touched: &Touched, live: &Json) -> (Vec<Touch>, Vec<(Path, Value)>) {
        let entries = live.pointer("/metadata/managedFields").and_then(Json::as_array);
        let mut touches = Vec::new();
        let mut added: Vec<(Path, Value)> = Vec::new();
        for entry in entries.into_iter().flatten() {
            let text = |name: &str| entry[name].as_str().unwrap_or_default();
            let (manager, subresource) = (text("manager"), text("subresource"));
            if subresource == "status" {
                continue;
            }
            let mut leaves = Vec::new();
            if let Some(fields) = entry["fieldsV1"].as_object() {
                self.leaves(fields, live, &mut leaves);
            }
            let is_ours = manager == MANAGER && text("operation") == "Apply";
            let is_service = is_keeper(manager) || habits::is_agent(manager);
            let when: Option<Timestamp> = text("time").parse().ok();
            if !is_ours && !is_service {
                self.add(touched, &leaves, &mut added);
            }
            let how = match subresource {
                "" => text("operation").to_string(),
                of => format!("{} of {of}", text("operation")),
            };
            touches.push(Touch {
                who: manager.to_string(),
                agent: None,
                how,
                when,
                told_by: ToldBy::ManagedFields,
                parts: leaves.into_iter().map(|leaf| leaf.path).collect(),
                is_service,
                is_ours,
            });
        }
        // What somebody wrote before us and we left as it was is no news.
        touches.sort_by_key(|touch| std::cmp::Reverse(touch.when));
        (touches, added)
    }

    /// Notes what of somebody's fields the state has nothing of, the highest part that it lacks.
    fn add(&self, touched: &Touched, leaves: &[Leaf], added: &mut Vec<(Path, Value)>) {
        let habits = habits::of(&touched.type_name);
        for leaf in leaves {
            let recorded = touched.live.as_ref().unwrap_or(&touched.recorded);
            let lacking = recorded.at(&leaf.path).is_none_or(Value::is_null);
            let applied = leaf.path.to_string().contains("last-applied-configuration");
            if !lacking
                || leaf.live.is_null()
                || applied
                || habits.is_by_service(&leaf.path, recorded)
            {
                continue;
            }
            let value = from_json(&leaf.live);
            let value = if self.kind.kind == "Secret" { value.sensitive() } else { value };
            if !added.iter().any(|(path, _)| *path == leaf.path) {
                added.push((leaf.path.clone(), value));
            }
        }
    }

    fn leaves(&self, fields: &Map<String, Json>, live: &Json, found: &mut Vec<Leaf>) {
        match self.manifest {
            true => plain(fields, live, &Path::root().attribute("object"), found),
            false => typed(&self.kind.nodes, fields, live, &Path::root(), found),
        }
    }
}

/// Walks a field set along the attributes of a resource type.
fn typed(
    nodes: &Nodes,
    fields: &Map<String, Json>,
    live: &Json,
    path: &Path,
    found: &mut Vec<Leaf>,
) {
    for (name, node) in nodes {
        match (&node.api, &node.block) {
            (None, Some(block)) if node.wrapper => {
                typed(block, fields, live, &path.attribute(name).place(0), found);
            }
            (Some(api), _) => {
                let inner = api.split('/').try_fold(None, |inner: Option<&Json>, step| {
                    let within = match inner {
                        None => Some(fields),
                        Some(inner) => inner.as_object(),
                    };
                    within.and_then(|within| within.get(&format!("f:{step}"))).map(Some)
                });
                let (Some(Some(inner)), Some(live)) = (inner, at(live, api)) else { continue };
                below(node, inner, live, &path.attribute(name), found);
            }
            _ => {}
        }
    }
}

/// Walks what somebody has of one attribute or block.
fn below(node: &Node, inner: &Json, live: &Json, path: &Path, found: &mut Vec<Leaf>) {
    let Some(inner) = inner.as_object() else { return };
    if let (Some(block), true) = (&node.block, node.object) {
        return typed(block, inner, live, &path.place(0), found);
    }
    let own = inner.keys().any(|key| key.starts_with("f:"));
    if let (Some(block), Some(elements)) = (&node.block, live.as_array()) {
        let mut any = false;
        for (key, inner) in inner {
            let (Some(place), Some(inner)) = (element(key, elements), inner.as_object()) else {
                continue;
            };
            any = true;
            let whole = inner.contains_key(".");
            let path = path.place(place);
            if whole {
                found.push(Leaf { path: path.clone(), live: elements[place].clone() });
            }
            typed(block, inner, &elements[place], &path, found);
        }
        if !any {
            found.push(Leaf { path: path.clone(), live: live.clone() });
        }
        return;
    }
    if let (true, Some(fields)) = (own, live.as_object()) {
        for key in inner.keys().filter_map(|key| key.strip_prefix("f:")) {
            if let Some(live) = fields.get(key) {
                found.push(Leaf { path: path.key(key), live: live.clone() });
            }
        }
        return;
    }
    found.push(Leaf { path: path.clone(), live: live.clone() });
}

/// Gives the place of the element that a key of a field set names: `k:{"name":"web"}`, `v:"x"`, `i:0`.
fn element(key: &str, elements: &[Json]) -> Option<usize> {
    if let Some(keys) = key.strip_prefix("k:") {
        let keys: Map<String, Json> = serde_json::from_str(keys).ok()?;
        return elements
            .iter()
            .position(|element| keys.iter().all(|(name, is)| element[name] == *is));
    }
    if let Some(value) = key.strip_prefix("v:") {
        let value: Json = serde_json::from_str(value).ok()?;
        return elements.iter().position(|element| *element == value);
    }
    key.strip_prefix("i:")?.parse().ok()
}

/// Walks a field set along an object as the API has it.
fn plain(fields: &Map<String, Json>, live: &Json, path: &Path, found: &mut Vec<Leaf>) {
    for (key, inner) in fields {
        let inner = inner.as_object();
        let (path, live) = if let Some(name) = key.strip_prefix("f:") {
            let Some(live) = live.get(name) else { continue };
            (path.attribute(name), live)
        } else {
            let elements = live.as_array().map(Vec::as_slice).unwrap_or_default();
            let Some(place) = element(key, elements) else { continue };
            (path.place(place), &elements[place])
        };
        match inner.filter(|inner| inner.keys().any(|key| key != ".")) {
            Some(inner) => plain(inner, live, &path, found),
            None => found.push(Leaf { path, live: live.clone() }),
        }
    }
}
