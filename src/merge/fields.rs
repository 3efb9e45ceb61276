//! Sets of fields, as `metadata.managedFields` writes them.
//!
//! A set is a tree; each node may be a member itself and has children by step: `f:NAME` a field,
//! `k:{"key":…}` a list item by its keys, `v:VALUE` an item by value.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// Parts of the identity that nobody owns.
const IDENTITY: [&str; 10] = [
    "f:name",
    "f:namespace",
    "f:generateName",
    "f:uid",
    "f:resourceVersion",
    "f:creationTimestamp",
    "f:generation",
    "f:managedFields",
    "f:selfLink",
    "f:deletionTimestamp",
];

/// A set of fields of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldSet {
    /// Whether the node itself is a member.
    pub own: bool,
    /// What is below, by step.
    pub children: BTreeMap<String, FieldSet>,
}

impl FieldSet {
    /// Reads the form `{"f:spec":{"f:replicas":{}}}`; what is not of this form is left out.
    pub fn parse(text: &Json) -> FieldSet {
        let mut set = FieldSet::default();
        let Some(rows) = text.as_object() else { return set };
        for (step, below) in rows {
            if step == "." {
                set.own = true;
                continue;
            }
            let mut child = FieldSet::parse(below);
            if below.as_object().is_some_and(serde_json::Map::is_empty) {
                child.own = true;
            }
            set.children.insert(canonical(step), child);
        }
        set
    }

    /// Writes the form that [`FieldSet::parse`] reads.
    pub fn to_json(&self) -> Json {
        let mut rows = serde_json::Map::new();
        if self.own && !self.children.is_empty() {
            rows.insert(".".to_owned(), Json::Object(serde_json::Map::new()));
        }
        for (step, child) in &self.children {
            rows.insert(step.clone(), child.to_json());
        }
        Json::Object(rows)
    }

    /// Says whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        !self.own && self.children.values().all(FieldSet::is_empty)
    }

    /// Gives what is below a step.
    pub fn child(&self, step: &str) -> Option<&FieldSet> {
        self.children.get(step)
    }

    /// Gives what is below a step, made where it is not there.
    pub fn enter(&mut self, step: impl Into<String>) -> &mut FieldSet {
        self.children.entry(step.into()).or_default()
    }

    /// Makes the node at these steps a member.
    pub fn insert<S: AsRef<str>>(&mut self, steps: &[S]) {
        let mut node = self;
        for step in steps {
            node = node.enter(step.as_ref());
        }
        node.own = true;
    }

    /// Says whether the node at these steps is a member.
    pub fn has<S: AsRef<str>>(&self, steps: &[S]) -> bool {
        let mut node = self;
        for step in steps {
            match node.child(step.as_ref()) {
                Some(child) => node = child,
                None => return false,
            }
        }
        node.own
    }

    /// Gives what is in either.
    #[must_use]
    pub fn union(&self, other: &FieldSet) -> FieldSet {
        let mut result = self.clone();
        result.own |= other.own;
        for (step, child) in &other.children {
            let joined = match self.children.get(step) {
                Some(own) => own.union(child),
                None => child.clone(),
            };
            result.children.insert(step.clone(), joined);
        }
        result
    }

    /// Gives what is in this and not in the other.
    #[must_use]
    pub fn difference(&self, other: &FieldSet) -> FieldSet {
        let mut result = FieldSet { own: self.own && !other.own, children: BTreeMap::new() };
        for (step, child) in &self.children {
            let rest = match other.children.get(step) {
                Some(theirs) => child.difference(theirs),
                None => child.clone(),
            };
            if !rest.is_empty() {
                result.children.insert(step.clone(), rest);
            }
        }
        result
    }

    /// Gives what is in this and neither in the other nor below a member of the other.
    #[must_use]
    pub fn difference_below(&self, other: &FieldSet) -> FieldSet {
        if other.own {
            return FieldSet::default();
        }
        let mut result = FieldSet { own: self.own, children: BTreeMap::new() };
        for (step, child) in &self.children {
            let rest = match other.children.get(step) {
                Some(theirs) => child.difference_below(theirs),
                None => child.clone(),
            };
            if !rest.is_empty() {
                result.children.insert(step.clone(), rest);
            }
        }
        result
    }

    /// Gives what is in both.
    #[must_use]
    pub fn intersection(&self, other: &FieldSet) -> FieldSet {
        let mut result = FieldSet { own: self.own && other.own, children: BTreeMap::new() };
        for (step, child) in &self.children {
            let Some(theirs) = other.children.get(step) else { continue };
            let both = child.intersection(theirs);
            if !both.is_empty() {
                result.children.insert(step.clone(), both);
            }
        }
        result
    }

    /// Gives the steps of each member, in order.
    pub fn members(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        self.gather(&mut Vec::new(), &mut found);
        found
    }

    /// Gives the set without what makes an object's identity.
    #[must_use]
    pub fn without_identity(mut self) -> FieldSet {
        self.own = false;
        for step in ["f:apiVersion", "f:kind"] {
            self.children.remove(step);
        }
        if let Some(metadata) = self.children.get_mut("f:metadata") {
            metadata.own = false;
            for step in IDENTITY {
                metadata.children.remove(step);
            }
            if metadata.children.is_empty() {
                self.children.remove("f:metadata");
            }
        }
        self
    }

    fn gather(&self, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        if self.own {
            found.push(path.clone());
        }
        for (step, child) in &self.children {
            path.push(step.clone());
            child.gather(path, found);
            path.pop();
        }
    }
}

/// Gives the step of a field.
pub fn field_step(name: &str) -> String {
    format!("f:{name}")
}

/// Gives the step of an item by value.
pub fn value_step(value: &Json) -> String {
    format!("v:{value}")
}

/// Gives a path as messages write it: `.spec.containers[name="web"].image`.
pub fn path_text<S: AsRef<str>>(steps: &[S]) -> String {
    let mut text = String::new();
    for step in steps {
        let step = step.as_ref();
        if let Some(name) = step.strip_prefix("f:") {
            text.push('.');
            text.push_str(name);
        } else if let Some(keys) = step.strip_prefix("k:") {
            let keys: Json = serde_json::from_str(keys).unwrap_or_default();
            let parts: Vec<String> = keys
                .as_object()
                .map(|keys| keys.iter().map(|(key, value)| format!("{key}={value}")).collect())
                .unwrap_or_default();
            text.push_str(&format!("[{}]", parts.join(",")));
        } else if let Some(value) = step.strip_prefix("v:") {
            text.push_str(&format!("[={value}]"));
        } else if let Some(index) = step.strip_prefix("i:") {
            text.push_str(&format!("[{index}]"));
        }
    }
    text
}

/// Brings a step that somebody else wrote into the form that we write: keys in order, no blanks.
fn canonical(step: &str) -> String {
    let Some(keys) = step.strip_prefix("k:") else { return step.to_owned() };
    match serde_json::from_str::<BTreeMap<String, Json>>(keys) {
        Ok(keys) => format!("k:{}", serde_json::to_string(&keys).unwrap_or_default()),
        Err(_) => step.to_owned(),
    }
}
