//! What a cluster has beside the objects that are known: each kind is listed over all namespaces, page by page.
//!
//! What the cluster, its controllers and the releases of Helm make is left out, by the book `habits/own.hcl`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::super::ApiErrorKind;
use super::super::habits;
use super::super::rest::habits::fits;
use super::super::rest::own::Looked;
use super::super::touch::{Stray, Strays, ToldBy, Touch, Touched};
use super::client::Refusal;
use super::session::{KubernetesSession, name_of};
use super::tables::{Kind, Way, tables};

/// Lists what there is beside objects, of the chosen types.
pub(super) async fn strays(
    session: &KubernetesSession,
    objects: &[Touched],
    chosen: &[String],
) -> Strays {
    let mut known: BTreeSet<(String, String, String)> = BTreeSet::new();
    for touched in objects {
        let Ok(kind) = session.kind_of(&touched.type_name, &touched.recorded).await else {
            continue;
        };
        if let Some(name) = name_of(&kind, &touched.recorded) {
            known.insert((kind.kind.clone(), name.namespace, name.name));
        }
    }
    let mut strays = Strays::default();
    for (type_name, kind) in listed() {
        let fits = |pattern: &String| fits(pattern, type_name) || fits(pattern, &kind.kind);
        if !(chosen.is_empty() || chosen.iter().any(fits)) {
            continue;
        }
        let pages = Pages { session, kind, known: &known, type_name };
        match pages.all(&mut strays).await {
            Ok(()) => {}
            // A cluster need not have each kind.
            Err(refusal) if refusal.is_gone() => {}
            Err(refusal) => {
                let why = match refusal.error.kind {
                    ApiErrorKind::Denied => "the account may not list them".to_string(),
                    _ => refusal.error.detail.lines().next().unwrap_or_default().to_string(),
                };
                strays.refused.push((kind.kind.clone(), why));
            }
        }
    }
    strays
}

/// Gives the types that are listed: one for each kind, in its present version.
fn listed() -> Vec<(&'static str, &'static Kind)> {
    let mut by_kind: BTreeMap<&str, (&str, &Kind)> = BTreeMap::new();
    for (type_name, kind) in &tables().kinds {
        let versioned = type_name.ends_with("_v1") || type_name.ends_with("_v2");
        if kind.way == Way::Whole && kind.former.is_none() && versioned {
            // The later version of two comes later in the alphabet.
            by_kind.insert(&kind.kind, (type_name, kind));
        }
    }
    by_kind.into_values().collect()
}

/// The pages of a kind's objects.
struct Pages<'a> {
    session: &'a KubernetesSession,
    type_name: &'a str,
    kind: &'a Kind,
    known: &'a BTreeSet<(String, String, String)>,
}

impl Pages<'_> {
    async fn all(&self, strays: &mut Strays) -> Result<(), Refusal> {
        let mut more = String::new();
        loop {
            let path = format!("{}?limit=500{more}", self.kind.everywhere());
            let page = self.session.cluster.get(&path).await?;
            for object in page["items"].as_array().into_iter().flatten() {
                self.look(object, strays);
            }
            let token = page["metadata"]["continue"].as_str().unwrap_or_default();
            if token.is_empty() {
                return Ok(());
            }
            let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
            more = format!("&continue={token}");
        }
    }

    fn look(&self, object: &Json, strays: &mut Strays) {
        let metadata = &object["metadata"];
        let text = |name: &str| metadata[name].as_str().unwrap_or_default();
        let (namespace, name) = (text("namespace"), text("name"));
        let key = (self.kind.kind.clone(), namespace.to_string(), name.to_string());
        if self.known.contains(&key) {
            return;
        }
        let id = match namespace {
            "" => name.to_string(),
            namespace => format!("{namespace}/{name}"),
        };
        let labels = metadata["labels"].as_object().into_iter().flatten();
        let labels = labels.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        let looked = Looked {
            kind: &self.kind.kind,
            namespace,
            name,
            of_type: object["type"].as_str().unwrap_or_default(),
            labels: labels.collect(),
            owned: metadata["ownerReferences"].as_array().is_some_and(|owners| !owners.is_empty()),
        };
        if let Some(because) = habits::own_because(&looked) {
            strays.left.push((format!("{} {id}", self.kind.kind), because.to_string()));
            return;
        }
        let type_name = self.type_name.to_string();
        strays.found.push(Stray { type_name, id, touches: made(metadata) });
    }
}

/// Says who made an object: who has had fields of it first.
fn made(metadata: &Json) -> Vec<Touch> {
    let entries = metadata["managedFields"].as_array().into_iter().flatten();
    let first = entries
        .filter(|entry| entry["subresource"].is_null())
        .min_by_key(|entry| entry["time"].as_str().unwrap_or_default().to_string());
    let Some(who) = first.and_then(|entry| entry["manager"].as_str()) else { return Vec::new() };
    vec![Touch {
        who: who.to_string(),
        agent: None,
        how: "Create".to_string(),
        when: metadata["creationTimestamp"].as_str().and_then(|when| when.parse().ok()),
        told_by: ToldBy::ManagedFields,
        parts: Vec::new(),
        is_service: habits::is_agent(who),
        is_ours: false,
    }]
}
