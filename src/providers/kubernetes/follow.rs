//! Following objects: one watch for each collection that some of them are in.
//!
//! A watch that ends, as each does after a while, goes on at the version that it had come to. Where the cluster no longer knows
//! what happened since (410 Gone), the collection is listed anew and all of its objects may have changed. What only its status
//! or a counter tells has not changed.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::sync::Arc;

use async_trait::async_trait;
use foldhash::fast::FixedState;
use futures::future::select_all;
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::auth::kubernetes::Lines;

use super::super::touch::{Follow, Told, Touched};
use super::super::{ApiError, ApiErrorKind};
use super::client::Cluster;
use super::session::{KubernetesSession, name_of};
use super::tables::Way;

/// How long a watch is asked for, in seconds.
const LASTS: u32 = 1740;

/// A watch that ends sooner than after so many seconds, with nothing told, is not begun again.
const SOON: f64 = 1.0;

/// All that is followed in one cluster.
struct Following {
    session: Arc<KubernetesSession>,
    collections: Vec<Collection>,
}

/// A collection that is watched.
struct Collection {
    /// Its path.
    path: String,
    /// The places of its objects, by name.
    places: BTreeMap<String, usize>,
    /// What each object was when it was last told of, in short.
    prints: BTreeMap<String, u64>,
    /// Whether it has ever been listed.
    listed: bool,
    /// The version that the watch has come to; nothing before it is listed.
    version: Option<String>,
    lines: Option<Lines>,
    opened: Timestamp,
    told: bool,
}

/// Begins to follow objects; nothing where none can be.
pub(super) async fn follow(
    session: Arc<KubernetesSession>,
    objects: &[Touched],
) -> Option<Box<dyn Follow>> {
    let mut collections: BTreeMap<String, Collection> = BTreeMap::new();
    for (place, touched) in objects.iter().enumerate() {
        let Ok(kind) = session.kind_of(&touched.type_name, &touched.recorded).await else {
            continue;
        };
        if !matches!(kind.way, Way::Whole | Way::Adopted) {
            continue;
        }
        let Some(name) = name_of(&kind, &touched.recorded) else { continue };
        let path = kind.collection(&name.namespace);
        let collection = collections
            .entry(path.clone())
            .or_insert_with(|| Collection::new(path, session.cluster.now()));
        collection.places.insert(name.name, place);
    }
    let mut collections: Vec<Collection> = collections.into_values().collect();
    for collection in &mut collections {
        // What cannot be watched is told when it is waited for.
        let _ = collection.open(&session.cluster).await;
    }
    match collections.is_empty() {
        true => None,
        false => Some(Box::new(Following { session, collections })),
    }
}

#[async_trait]
impl Follow for Following {
    async fn next(&mut self) -> Told {
        let cluster = &self.session.cluster;
        let watched = self.collections.iter_mut().map(|of| Box::pin(of.next(cluster)));
        select_all(watched).await.0
    }
}

impl Collection {
    fn new(path: String, opened: Timestamp) -> Collection {
        Collection {
            path,
            places: BTreeMap::new(),
            prints: BTreeMap::new(),
            listed: false,
            version: None,
            lines: None,
            opened,
            told: false,
        }
    }

    /// Lists the collection where its version is not known, and begins to watch; says whether it was listed anew.
    async fn open(&mut self, cluster: &Cluster) -> Result<bool, ApiError> {
        let mut anew = false;
        loop {
            let Some(version) = &self.version else {
                let list = cluster.get(&format!("{}?limit=1", self.path)).await?;
                let version = list["metadata"]["resourceVersion"].as_str().unwrap_or_default();
                self.version = Some(version.to_string());
                self.prints.clear();
                anew |= std::mem::replace(&mut self.listed, true);
                continue;
            };
            let path = format!(
                "{}?watch=1&allowWatchBookmarks=true&timeoutSeconds={LASTS}&resourceVersion={version}",
                self.path
            );
            (self.opened, self.told) = (cluster.now(), false);
            match cluster.follow(&path).await {
                Ok(lines) => {
                    self.lines = Some(lines);
                    return Ok(anew);
                }
                Err(refusal) if refusal.status == Some(410) => self.version = None,
                Err(refusal) => return Err(refusal.into()),
            }
        }
    }

    async fn next(&mut self, cluster: &Cluster) -> Told {
        loop {
            let Some(lines) = &mut self.lines else {
                match self.open(cluster).await {
                    // What happened between is not known: all of it may have changed.
                    Ok(true) => return Told::Changed(self.places.values().copied().collect()),
                    Ok(false) => continue,
                    Err(error) => return Told::Lost(error),
                }
            };
            let Some(line) = lines.next().await else {
                self.lines = None;
                let lasted = cluster.now().duration_since(self.opened).as_secs_f64();
                if !self.told && lasted < SOON {
                    return Told::Lost(self.ended());
                }
                continue;
            };
            self.told = true;
            match self.seen(&line) {
                Ok(Some(place)) => return Told::Changed(BTreeSet::from([place])),
                Ok(None) => {}
                Err(error) => return Told::Lost(error),
            }
        }
    }

    /// Takes in an event; gives the place of an object that changed.
    fn seen(&mut self, line: &[u8]) -> Result<Option<usize>, ApiError> {
        let event: Json = serde_json::from_slice(line).unwrap_or_default();
        let object = &event["object"];
        if event["type"] == "ERROR" {
            self.lines = None;
            if object["code"] == 410 {
                self.version = None;
                return Ok(None);
            }
            return Err(self.ended());
        }
        if let Some(version) = object["metadata"]["resourceVersion"].as_str() {
            self.version = Some(version.to_string());
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let Some(place) = self.places.get(name).copied() else { return Ok(None) };
        let print = if event["type"] == "DELETED" { 0 } else { print(object) };
        let before = self.prints.insert(name.to_string(), print);
        Ok((before != Some(print)).then_some(place))
    }

    fn ended(&self) -> ApiError {
        let detail = format!("The watch of `{}` was ended by the cluster.", self.path);
        ApiError::new(ApiErrorKind::Unreachable, "Watch ended", detail)
    }
}

/// Says in short what an object is, without what changes by itself.
fn print(object: &Json) -> u64 {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for name in ["resourceVersion", "managedFields", "generation"] {
            metadata.remove(name);
        }
    }
    FixedState::default().hash_one(object.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn collection() -> Collection {
        let mut collection =
            Collection::new("/api/v1/configmaps".to_string(), Timestamp::UNIX_EPOCH);
        collection.places.insert("a".to_string(), 7);
        collection.version = Some("1".to_string());
        collection
    }

    fn seen(collection: &mut Collection, kind: &str, object: &Json) -> Option<usize> {
        let line = json!({ "type": kind, "object": object }).to_string();
        collection.seen(line.as_bytes()).unwrap()
    }

    #[test]
    fn what_only_the_status_tells_is_no_change_and_the_version_goes_on() {
        let mut collection = collection();
        let object = |version: &str, data: &str, status: u8| json!({ "metadata": { "name": "a", "resourceVersion": version }, "data": data, "status": status });

        assert_eq!(seen(&mut collection, "MODIFIED", &object("2", "x", 1)), Some(7));
        assert_eq!(seen(&mut collection, "MODIFIED", &object("3", "x", 2)), None);
        assert_eq!(seen(&mut collection, "MODIFIED", &object("4", "y", 2)), Some(7));
        assert_eq!(seen(&mut collection, "DELETED", &object("5", "y", 2)), Some(7));
        let bookmark = json!({ "metadata": { "resourceVersion": "9" } });
        assert_eq!(seen(&mut collection, "BOOKMARK", &bookmark), None);
        assert_eq!(collection.version.as_deref(), Some("9"));
    }

    #[test]
    fn where_the_cluster_no_longer_knows_the_version_it_is_listed_anew() {
        let mut collection = collection();

        let gone = json!({ "kind": "Status", "code": 410, "reason": "Expired" });
        assert_eq!(seen(&mut collection, "ERROR", &gone), None);
        assert_eq!(collection.version, None);
        let other = json!({ "type": "ERROR", "object": { "code": 500 } }).to_string();
        assert!(collection.seen(other.as_bytes()).is_err());
    }
}
