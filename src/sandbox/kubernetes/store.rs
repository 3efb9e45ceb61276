//! The store: objects by key, the counter of versions, and what happened last.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::controllers::attention::Attention;
use super::resources::{self, Resource};
use crate::sandbox::Node;

/// So many changes are kept for watches; an older version is "too old".
const KEPT: usize = 4000;

/// Where an object stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Group of its type.
    pub group: String,
    /// Plural of its type.
    pub plural: String,
    /// Its namespace; empty for those of the cluster.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Key {
    /// Names an object.
    pub fn new(resource: &Resource, namespace: &str, name: &str) -> Key {
        Key {
            group: resource.group.to_owned(),
            plural: resource.plural.to_owned(),
            namespace: if resource.namespaced { namespace.to_owned() } else { String::new() },
            name: name.to_owned(),
        }
    }

    /// Names an object by its kind.
    pub fn of(kind: &str, namespace: &str, name: &str) -> Key {
        Key::new(resources::named(kind), namespace, name)
    }
}

/// One change.
#[derive(Clone, Debug)]
pub struct Change {
    /// The version that it made.
    pub revision: u64,
    /// Where.
    pub key: Key,
    /// What was there.
    pub before: Option<Arc<Json>>,
    /// What is there; the last state where it was removed.
    pub after: Arc<Json>,
    /// Whether it was removed.
    pub removed: bool,
}

/// What a controller wants of the cloud, done when the store is not held.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Makes or replaces a thing.
    Put { collection: String, body: Json },
    /// Gives a node pool one node more in a zone.
    Grow { pool: String, zone: String, from: u64 },
    /// Removes a thing.
    Remove { collection: String, name: String },
    /// Writes objects of a container into a bucket; the outcome goes to `uploads`.
    Upload { pod: String, access_id: String, secret: String, bucket: String },
}

/// One line that a container wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

/// How a container runs: what it will do is settled when it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// When it started.
    pub started: Option<Timestamp>,
    /// When it will have ended, where it ends by itself.
    pub ends: Option<Timestamp>,
    /// With which code.
    pub code: i64,
    /// When it can be ready.
    pub ready: Option<Timestamp>,
    /// How often it was started again.
    pub restarts: i64,
    /// The run before this one: start, end, code.
    pub last: Option<(Timestamp, Timestamp, i64)>,
}

/// A cluster's objects.
#[derive(Debug)]
pub struct Store {
    /// The objects. They are shared: who looks at many of them holds them without copying them.
    pub objects: BTreeMap<Key, Arc<Json>>,
    /// The last version given.
    pub revision: u64,
    /// The last changes, oldest first.
    pub changes: VecDeque<Change>,
    /// The moment at which the present step happens.
    pub now: Timestamp,
    /// When something is due by itself; the earliest of them.
    pub wake: Option<Timestamp>,
    /// What is asked of the cloud.
    pub effects: Vec<Effect>,
    /// How uploads ended, by the pod's uid; an empty text is success.
    pub uploads: BTreeMap<String, String>,
    /// Passwords that data directories were made with, by the claim's uid.
    pub passwords: BTreeMap<String, String>,
    /// What containers wrote, by `UID/CONTAINER`.
    pub logs: BTreeMap<String, Vec<Line>>,
    /// How containers run, by `UID/CONTAINER`.
    pub runs: BTreeMap<String, Run>,
    /// Since when something is so, by a controller's own name for it.
    pub marks: BTreeMap<String, Timestamp>,
    /// Whether the present step waits for the cloud; time stands still until it has answered.
    pub paused: bool,
    /// The nodes of the cluster's pools.
    pub nodes: Vec<Node>,
    /// The last number given to a thing that needs one (addresses, ports, names).
    pub counter: u64,
    /// A number that differs from cluster to cluster.
    pub seed: u64,
    /// Whether something happened that no version tells of.
    pub touched: bool,
    /// The version up to which the controllers have run.
    pub settled: u64,
    /// The version up to which nothing was left for the garbage collection.
    pub swept: u64,
    /// The types that definitions of the cluster have made.
    pub customs: Vec<&'static Resource>,
    /// Whom the controllers need not look at.
    pub attention: Attention,
    /// Whether only what an API server needs is looked after: namespaces, garbage, definitions.
    pub still: bool,
}

impl Store {
    /// Starts empty.
    pub fn new(now: Timestamp, seed: u64) -> Store {
        Store {
            objects: BTreeMap::new(),
            revision: 1,
            changes: VecDeque::new(),
            now,
            wake: None,
            effects: Vec::new(),
            uploads: BTreeMap::new(),
            passwords: BTreeMap::new(),
            logs: BTreeMap::new(),
            runs: BTreeMap::new(),
            marks: BTreeMap::new(),
            paused: false,
            nodes: Vec::new(),
            counter: 0,
            seed,
            touched: true,
            settled: 0,
            swept: 0,
            customs: Vec::new(),
            attention: Attention::default(),
            still: false,
        }
    }

    /// Gives an object.
    pub fn get(&self, key: &Key) -> Option<&Json> {
        self.objects.get(key).map(Arc::as_ref)
    }

    /// Gives an object to hold while others are written.
    pub fn shared(&self, key: &Key) -> Option<Arc<Json>> {
        self.objects.get(key).cloned()
    }

    /// Gives an object of a kind.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Json> {
        self.get(&Key::of(kind, namespace, name))
    }

    /// Gives the objects of a type; of all namespaces where none is given.
    pub fn list<'s>(
        &'s self,
        resource: &Resource,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = (&'s Key, &'s Json)> + use<'s> {
        let (group, plural) = (resource.group.to_owned(), resource.plural.to_owned());
        let only = namespace.map(str::to_owned);
        let start = Key {
            group: group.clone(),
            plural: plural.clone(),
            namespace: only.clone().unwrap_or_default(),
            name: String::new(),
        };
        self.range(start, group, plural, only).map(|(key, object)| (key, object.as_ref()))
    }

    fn range(
        &self,
        start: Key,
        group: String,
        plural: String,
        only: Option<String>,
    ) -> impl Iterator<Item = (&Key, &Arc<Json>)> {
        self.objects.range((Bound::Included(start), Bound::Unbounded)).take_while(
            move |(key, _)| {
                key.group == group
                    && key.plural == plural
                    && only.as_ref().is_none_or(|namespace| key.namespace == *namespace)
            },
        )
    }

    /// Gives the objects of a kind, of all namespaces, as they stand: what is written meanwhile does not change them.
    pub fn all(&self, kind: &str) -> Vec<Arc<Json>> {
        let resource = resources::named(kind);
        let start = Key::new(resource, "", "");
        let (group, plural) = (resource.group.to_owned(), resource.plural.to_owned());
        self.range(start, group, plural, None).map(|(_, object)| object.clone()).collect()
    }

    /// Gives the objects of a kind in a namespace.
    pub fn within<'s>(
        &'s self,
        kind: &str,
        namespace: &str,
    ) -> impl Iterator<Item = &'s Json> + use<'s> {
        self.list(resources::named(kind), Some(namespace)).map(|(_, object)| object)
    }

    /// Writes an object and gives its version to it.
    pub fn write(&mut self, key: &Key, mut object: Json) -> Json {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let after = Arc::new(object);
        let before = self.objects.insert(key.clone(), after.clone());
        let object = after.as_ref().clone();
        let (revision, key) = (self.revision, key.clone());
        self.note(Change { revision, key, before, after, removed: false });
        object
    }

    /// Removes an object and gives its last state.
    pub fn remove(&mut self, key: &Key) -> Option<Json> {
        let before = self.objects.remove(key)?;
        self.revision += 1;
        self.attention.forget(uid(&before));
        let mut last = before.as_ref().clone();
        last["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        self.note(Change {
            revision: self.revision,
            key: key.clone(),
            before: Some(before),
            after: Arc::new(last.clone()),
            removed: true,
        });
        Some(last)
    }

    /// Says that something is due at a moment.
    pub fn wake_at(&mut self, moment: Timestamp) {
        if moment > self.now && self.wake.is_none_or(|wake| moment < wake) {
            self.wake = Some(moment);
        }
    }

    /// Gives the moment since which something is so: the present one when it was not so before.
    pub fn since(&mut self, mark: String) -> Timestamp {
        let now = self.now;
        *self.marks.entry(mark).or_insert(now)
    }

    /// Says whether so many seconds have passed since a moment; looks again when they will have.
    pub fn has_passed(&mut self, since: Timestamp, seconds: u64) -> bool {
        let then = since + std::time::Duration::from_secs(seconds);
        self.wake_at(then);
        then <= self.now
    }

    /// Gives the moment as objects write it.
    pub fn stamp(&self) -> String {
        stamp(self.now)
    }

    /// Gives the next number.
    pub fn next_number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Makes a name's random end.
    pub fn suffix(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let number = self.next_number();
        let mut mixed = mix(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut text = String::new();
        for _ in 0..length {
            let at = usize::try_from(mixed % LETTERS.len() as u64).unwrap_or(0);
            text.push(char::from(LETTERS[at]));
            mixed = mix(mixed);
        }
        text
    }

    fn note(&mut self, change: Change) {
        self.changes.push_back(change);
        while self.changes.len() > KEPT {
            self.changes.pop_front();
        }
    }
}

/// Gives a moment in the API's form.
pub fn stamp(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Mixes a number's bits.
pub fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Gives a number of a text.
pub fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Gives a string at a pointer; empty where there is none.
pub fn text<'v>(object: &'v Json, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}

/// Gives an integer at a pointer.
pub fn number(object: &Json, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Json::as_i64)
}

/// Gives the items of an array at a pointer.
pub fn items<'v>(object: &'v Json, pointer: &str) -> &'v [Json] {
    object.pointer(pointer).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// Gives an object's name.
pub fn name(object: &Json) -> &str {
    text(object, "/metadata/name")
}

/// Gives an object's namespace.
pub fn namespace(object: &Json) -> &str {
    text(object, "/metadata/namespace")
}

/// Gives an object's uid.
pub fn uid(object: &Json) -> &str {
    text(object, "/metadata/uid")
}

/// Says whether an object is being deleted.
pub fn is_deleting(object: &Json) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some_and(Json::is_string)
}

/// Gives the moment of a timestamp at a pointer.
pub fn moment(object: &Json, pointer: &str) -> Option<Timestamp> {
    text(object, pointer).parse().ok()
}
