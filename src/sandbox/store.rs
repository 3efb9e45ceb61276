//! What the sandbox's world holds, and its form on disk.
//!
//! Objects are JSON as their service answers them, keyed by `SERVICE/` and the full resource path. What a
//! service keeps but never shows (secrets, private keys) is apart in `hidden`, so that no listing can
//! leak it. An operation is data too: what becomes of the objects when it is done is a list of
//! [`Effect`]s, so that the next process can end what this one began.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

/// The Google side's objects.
#[derive(Debug, Default)]
pub struct Store {
    /// Every object that a service shows.
    pub objects: BTreeMap<String, Json>,
    /// The bytes of bucket objects, by the object's key.
    pub contents: BTreeMap<String, Vec<u8>>,
    /// What services keep to themselves.
    pub hidden: BTreeMap<String, Json>,
    /// Bearer tokens and when they expire.
    pub tokens: BTreeMap<String, Timestamp>,
    /// Long-running operations, done ones included.
    pub operations: BTreeMap<String, Operation>,
    /// How many names and numbers were given out.
    pub counter: u64,
    /// Whether something changed since it was last written.
    pub dirty: bool,
}

/// A long-running operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What a read of it answers.
    pub shown: Json,
    /// When it will be done.
    pub due: Timestamp,
    /// Whether it is.
    pub done: bool,
    /// Fields that join `shown` when it is done.
    pub finished: Json,
    /// The field of `shown` that gets the hour of its end; empty for none.
    pub ended_at: String,
    /// The key of the object that no second operation may touch meanwhile; empty for none.
    pub holds: String,
    /// What it does to the objects when it is done.
    pub effects: Vec<Effect>,
}

/// A change of the objects.
#[derive(Clone, Debug)]
pub enum Effect {
    /// The object is this.
    Put(String, Json),
    /// The object, where it is there, gets these fields; null removes one.
    Set(String, Json),
    /// The object goes.
    Remove(String),
    /// All objects whose key begins so go.
    RemoveBelow(String),
}

impl Store {
    /// Gives an object.
    pub fn find(&self, key: &str) -> Option<&Json> {
        self.objects.get(key)
    }

    /// Makes or replaces an object.
    pub fn put(&mut self, key: impl Into<String>, object: Json) {
        self.objects.insert(key.into(), object);
        self.dirty = true;
    }

    /// Removes an object and what is kept with it.
    pub fn remove(&mut self, key: &str) -> Option<Json> {
        self.dirty = true;
        self.contents.remove(key);
        self.hidden.remove(key);
        self.objects.remove(key)
    }

    /// Gives the objects directly in a collection: `prefix` ends with a slash.
    pub fn children<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Json)> {
        self.below(prefix).filter(|(key, _)| !key[prefix.len()..].contains('/'))
    }

    /// Gives all objects whose key begins so.
    pub fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Json)> {
        self.objects
            .range(prefix.to_owned()..)
            .take_while(move |(key, _)| key.starts_with(prefix))
            .map(|(key, object)| (key.as_str(), object))
    }

    /// Gives a number that was not given before.
    pub fn count(&mut self) -> u64 {
        self.counter += 1;
        self.dirty = true;
        self.counter
    }

    /// Gives a numeric id of Google's length, the same for the same world.
    pub fn number(&mut self) -> String {
        let seed = self.count();
        (4_000_000_000_000_000_000 + hash(&seed.to_string()) % 5_000_000_000_000_000_000)
            .to_string()
    }

    /// Gives short random-looking letters, the same for the same world.
    pub fn letters(&mut self, length: usize) -> String {
        let seed = self.count();
        let digest = Sha256::digest(format!("letters {seed}"));
        hex::encode(digest)[..length.min(64)].to_owned()
    }

    /// Gives an etag: bytes in base64 which both alphabets write alike, as some clients send them back in the other one.
    pub fn etag(&mut self) -> String {
        let seed = self.count();
        let etag = STANDARD.encode(&Sha256::digest(format!("etag {seed}"))[..8]);
        etag.replace('+', "p").replace('/', "s")
    }

    /// Ends the operations that are due.
    pub fn settle(&mut self, now: Timestamp) {
        let mut due: Vec<(Timestamp, String)> = self
            .operations
            .iter()
            .filter(|(_, operation)| !operation.done && operation.due <= now)
            .map(|(key, operation)| (operation.due, key.clone()))
            .collect();
        due.sort();
        for (_, key) in due {
            let Some(operation) = self.operations.get_mut(&key) else { continue };
            operation.done = true;
            merge_fields(&mut operation.shown, &operation.finished);
            if !operation.ended_at.is_empty() {
                operation.shown[operation.ended_at.as_str()] = json!(stamp(operation.due));
            }
            for effect in std::mem::take(&mut operation.effects) {
                self.apply(effect);
            }
            self.dirty = true;
        }
    }

    /// Changes the objects at once.
    pub fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Put(key, object) => self.put(key, object),
            Effect::Set(key, fields) => {
                if let Some(object) = self.objects.get_mut(&key) {
                    merge_fields(object, &fields);
                }
            }
            Effect::Remove(key) => {
                self.remove(&key);
            }
            Effect::RemoveBelow(prefix) => {
                let keys: Vec<String> =
                    self.below(&prefix).map(|(key, _)| key.to_owned()).collect();
                for key in keys {
                    self.remove(&key);
                }
            }
        }
        self.dirty = true;
    }

    /// Gives the operation that holds an object, if one is under way.
    pub fn holder(&self, key: &str) -> Option<&Operation> {
        self.operations.values().find(|operation| !operation.done && operation.holds == key)
    }

    /// Gives the store as the world file has it.
    pub fn to_json(&self) -> Json {
        let contents: Map<String, Json> = self
            .contents
            .iter()
            .map(|(key, bytes)| (key.clone(), json!(STANDARD.encode(bytes))))
            .collect();
        let tokens: Map<String, Json> = self
            .tokens
            .iter()
            .map(|(token, expiry)| (token.clone(), json!(expiry.to_string())))
            .collect();
        let operations: Map<String, Json> = self
            .operations
            .iter()
            .map(|(key, operation)| (key.clone(), operation.to_json()))
            .collect();
        json!({
            "objects": self.objects,
            "contents": contents,
            "hidden": self.hidden,
            "tokens": tokens,
            "operations": operations,
            "counter": self.counter,
        })
    }

    /// Reads a store from the world file's form.
    ///
    /// # Errors
    /// What is not as it was written.
    pub fn from_json(json: &Json) -> Result<Store, String> {
        let mut store =
            Store { counter: json["counter"].as_u64().ok_or("no counter")?, ..Store::default() };
        let part = |name: &str| json[name].as_object().ok_or_else(|| format!("no {name}"));
        store.objects = part("objects")?.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        store.hidden = part("hidden")?.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        for (key, text) in part("contents")? {
            let bytes =
                STANDARD.decode(text.as_str().unwrap_or_default()).map_err(|e| e.to_string())?;
            store.contents.insert(key.clone(), bytes);
        }
        for (token, expiry) in part("tokens")? {
            store.tokens.insert(token.clone(), moment(expiry)?);
        }
        for (key, operation) in part("operations")? {
            store.operations.insert(key.clone(), Operation::from_json(operation)?);
        }
        Ok(store)
    }
}

impl Operation {
    fn to_json(&self) -> Json {
        let effects: Vec<Json> = self
            .effects
            .iter()
            .map(|effect| match effect {
                Effect::Put(key, object) => json!(["put", key, object]),
                Effect::Set(key, fields) => json!(["set", key, fields]),
                Effect::Remove(key) => json!(["remove", key]),
                Effect::RemoveBelow(prefix) => json!(["remove_below", prefix]),
            })
            .collect();
        json!({
            "shown": self.shown,
            "due": self.due.to_string(),
            "done": self.done,
            "finished": self.finished,
            "ended_at": self.ended_at,
            "holds": self.holds,
            "effects": effects,
        })
    }

    fn from_json(json: &Json) -> Result<Operation, String> {
        let mut effects = Vec::new();
        for effect in json["effects"].as_array().ok_or("an operation without effects")? {
            let key = text(&effect[1]);
            effects.push(match effect[0].as_str() {
                Some("put") => Effect::Put(key, effect[2].clone()),
                Some("set") => Effect::Set(key, effect[2].clone()),
                Some("remove") => Effect::Remove(key),
                Some("remove_below") => Effect::RemoveBelow(key),
                _ => return Err(format!("an effect that is not known: {}", effect[0])),
            });
        }
        Ok(Operation {
            shown: json["shown"].clone(),
            due: moment(&json["due"])?,
            done: json["done"].as_bool().ok_or("an operation without done")?,
            finished: json["finished"].clone(),
            ended_at: text(&json["ended_at"]),
            holds: text(&json["holds"]),
            effects,
        })
    }
}

/// Sets the fields of an object; null removes one.
pub fn merge_fields(object: &mut Json, fields: &Json) {
    let (Some(object), Some(fields)) = (object.as_object_mut(), fields.as_object()) else { return };
    for (name, value) in fields {
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
}

/// Gives a moment as most services write it.
pub fn stamp(moment: Timestamp) -> String {
    format!("{moment:.6}")
}

/// Gives a stable number for a text.
pub fn hash(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest[..8].iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// Gives a project's number: any id is taken as existing, and its number follows from it.
pub fn project_number(project: &str) -> String {
    (100_000_000_000 + hash(project) % 900_000_000_000).to_string()
}

/// Gives random bytes.
///
/// # Panics
/// Only where the system has no source of randomness at all.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

fn moment(json: &Json) -> Result<Timestamp, String> {
    json.as_str().unwrap_or_default().parse().map_err(|error: jiff::Error| error.to_string())
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_acts_when_it_is_due_and_not_before() {
        let mut store = Store::default();
        store.put("a/b", json!({"status": "PROVISIONING"}));
        let due = "2026-01-01T00:05:00Z".parse::<Timestamp>().unwrap();
        store.operations.insert(
            "op".into(),
            Operation {
                shown: json!({"status": "RUNNING"}),
                due,
                done: false,
                finished: json!({"status": "DONE"}),
                ended_at: "endTime".into(),
                holds: "a/b".into(),
                effects: vec![Effect::Set("a/b".into(), json!({"status": "RUNNING"}))],
            },
        );

        store.settle("2026-01-01T00:04:59Z".parse().unwrap());
        assert_eq!(store.objects["a/b"]["status"], "PROVISIONING");
        assert!(store.holder("a/b").is_some());

        let mut store = Store::from_json(&store.to_json()).unwrap();
        store.settle(due);
        assert_eq!(store.objects["a/b"]["status"], "RUNNING");
        assert_eq!(store.operations["op"].shown["status"], "DONE");
        assert!(store.holder("a/b").is_none());
    }
}
