//! From the API's object to a value: only what the state owns is looked at.
//!
//! The prior (or planned) value is a template: a field that it leaves empty is not the
//! configuration's, so what defaulting, autoscalers, injectors and controllers write there is not
//! seen. A value that means the same keeps its spelling.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use crate::value::{Number, Type, Value};

use super::equal::{is_absent, is_idle, is_idle_block, same};
use super::object::Name;
use super::place::at;
use super::schema;
use super::tables::{Convert, Kind, List, Node, Nodes, Shape};

/// How a template is used.
#[derive(Clone, Copy)]
pub(super) enum Mode<'a> {
    /// There is none: everything is read.
    Whole,
    /// What is unknown in it is read.
    Complete,
    /// What it owns is read anew. The names are those that the configuration wrote, where they are known.
    Refresh(Option<&'a BTreeSet<String>>),
}

/// Reads an object by a template.
pub(super) fn observe(kind: &Kind, template: Option<&Value>, live: &Json, mode: Mode<'_>) -> Value {
    let reader = Reader { mode };
    let cleared = (kind.kind == "Pod").then(|| without_added_tolerations(template, live));
    let live = cleared.as_ref().unwrap_or(live);
    let mut value = reader.fields(&kind.nodes, template, live, "");
    let name = Name {
        namespace: match kind.namespaced {
            true => live
                .pointer("/metadata/namespace")
                .and_then(Json::as_str)
                .unwrap_or("default")
                .into(),
            false => String::new(),
        },
        name: live.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default().into(),
    };
    value = value.with_field("id", Value::string(name.id()));
    if !kind.timeouts.is_empty() {
        let names = kind.timeouts.keys().map(|name| (name.as_str(), Type::String));
        let given = template.and_then(|template| template.field("timeouts")).cloned();
        value =
            value.with_field("timeouts", given.unwrap_or_else(|| Value::null(Type::object(names))));
    }
    value
}

/// Gives a pod without the tolerations that the cluster gave it for the state of its node (`tolerations_read_filter` in our facts):
/// the list is one value, so that they would make the pod another one. What the template has is left.
fn without_added_tolerations(template: Option<&Value>, live: &Json) -> Json {
    let spec = template.and_then(|template| template.field("spec")).and_then(Value::elements);
    let given = spec.and_then(|spec| spec.first()).and_then(|spec| spec.field("toleration"));
    let text = |toleration: &Value, name: &str| {
        toleration.field(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let given: BTreeSet<[String; 2]> = given
        .and_then(Value::elements)
        .into_iter()
        .flatten()
        .map(|toleration| [text(toleration, "key"), text(toleration, "effect")])
        .collect();
    let mut live = live.clone();
    if let Some(all) = live.pointer_mut("/spec/tolerations").and_then(Json::as_array_mut) {
        all.retain(|one| {
            let part = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            let (key, effect) = (part("key"), part("effect"));
            !NODE_STATES.contains(&key.as_str()) || given.contains(&[key, effect])
        });
    }
    live
}

/// What a node's state is called in taints.
const NODE_STATES: [&str; 7] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/unschedulable",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/network-unavailable",
    "node.kubernetes.io/pid-pressure",
];

/// Gives the value with the server's counters kept as they were, where nothing else has changed:
/// a resource version moves with each heartbeat of a controller.
pub(super) fn settle(prior: &Value, observed: Value) -> Value {
    let counters = ["resource_version", "generation"];
    let Some(block) = super::object::metadata(prior) else { return observed };
    let calm = with_metadata(&observed, |metadata| {
        counters.iter().fold(metadata.clone(), |metadata, name| match block.field(name) {
            Some(value) => metadata.with_field(name, value.clone()),
            None => metadata,
        })
    });
    if calm.without_marks() == prior.without_marks() { calm } else { observed }
}

/// Changes the one metadata block of a value.
pub(super) fn with_metadata(value: &Value, change: impl Fn(&Value) -> Value) -> Value {
    let Some(metadata) = value.field("metadata") else { return value.clone() };
    value.with_field("metadata", metadata.map_parts(&mut |part| change(part)))
}

struct Reader<'a> {
    mode: Mode<'a>,
}

impl Reader<'_> {
    fn fields(&self, nodes: &Nodes, template: Option<&Value>, live: &Json, before: &str) -> Value {
        Value::object(nodes.iter().map(|(name, node)| {
            let path = format!("{before}{name}");
            let given = template.and_then(|template| template.field(name));
            if node.beyond && given.is_none() && !matches!(self.mode, Mode::Whole) {
                return (name.as_str(), nothing(node));
            }
            let value = match (&node.api, node.wrapper) {
                (Some(api), _) => self.field(node, given, at(live, api), &path),
                (None, true) => self.wrapper(node, given, live, &path),
                (None, false) => outside(node, given),
            };
            let value = if node.sensitive { value.sensitive() } else { value };
            (name.as_str(), value)
        }))
    }

    fn field(&self, node: &Node, given: Option<&Value>, live: Option<&Json>, path: &str) -> Value {
        if node.write_only {
            return Value::null(schema::node_type(node));
        }
        let given = match (self.mode, given) {
            (Mode::Whole, _) | (_, None) => return whole(node, live, path),
            (_, Some(given)) if !given.is_known() => {
                return whole(node, live, path).marked(given.marks());
            }
            (_, Some(given)) => given,
        };
        // Only the server gives it: it is always read.
        if !node.optional && !node.required {
            return match self.mode {
                Mode::Complete => given.clone(),
                Mode::Whole | Mode::Refresh(_) => whole(node, live, path),
            };
        }
        if let Some(block) = &node.block {
            return self.blocks(node, block, given, live, path).marked(given.marks());
        }
        let Mode::Refresh(written) = self.mode else { return given.clone() };
        if given.is_null() || !owns(node, given, written, path) {
            return given.clone();
        }
        let found = leaf(node, live, Some(given), path);
        let same = same(node, given, &found) || (is_absent(live) && is_idle(node, given));
        if same { given.clone() } else { found.marked(given.all_marks()) }
    }

    fn wrapper(&self, node: &Node, given: Option<&Value>, live: &Json, path: &str) -> Value {
        let Some(block) = &node.block else { return Value::null(Type::Any) };
        let template = match self.mode {
            Mode::Whole => None,
            _ => given.and_then(Value::elements).and_then(|elements| elements.first()),
        };
        if template.is_none() && !matches!(self.mode, Mode::Whole) {
            return given.cloned().unwrap_or_else(|| whole(node, None, path));
        }
        let inner = self.fields(block, template, live, &format!("{path}."));
        Value::list(schema::object_type(block), vec![inner])
    }

    fn blocks(
        &self,
        node: &Node,
        block: &Nodes,
        given: &Value,
        live: Option<&Json>,
        path: &str,
    ) -> Value {
        let Some(elements) = given.elements().filter(|elements| !elements.is_empty()) else {
            return given.clone();
        };
        let before = format!("{path}.");
        let read = |element: &Value, live: &Json| self.fields(block, Some(element), live, &before);
        let complete = matches!(self.mode, Mode::Complete);
        let ty = schema::object_type(block);
        if node.object {
            let element = &elements[0];
            let live = match live.filter(|live| live.is_object()) {
                Some(live) => live,
                None if complete || is_idle_block(block, element) => &Json::Null,
                None => return list(node, ty, Vec::new()),
            };
            return list(node, ty, vec![read(element, live)]);
        }
        let none = Vec::new();
        let there = live.and_then(Json::as_array).unwrap_or(&none);
        let found = match &node.list {
            Some(List::Keyed(keys)) => by_key(block, keys, elements, there, complete)
                .iter()
                .map(|(e, l)| read(e, l))
                .collect(),
            _ if complete => {
                let json = |place: usize| there.get(place).unwrap_or(&Json::Null);
                elements
                    .iter()
                    .enumerate()
                    .map(|(place, element)| read(element, json(place)))
                    .collect()
            }
            _ if node.shape == Shape::Set => return self.set(block, ty, elements, there, &before),
            _ => there
                .iter()
                .enumerate()
                .map(|(place, live)| match elements.get(place) {
                    Some(element) => read(element, live),
                    None => Reader { mode: Mode::Whole }.fields(block, None, live, &before),
                })
                .collect(),
        };
        list(node, ty, found)
    }

    /// Reads a set of blocks that have no key: each takes the first object that reads as itself.
    fn set(
        &self,
        block: &Nodes,
        ty: Type,
        elements: &[Value],
        live: &[Json],
        before: &str,
    ) -> Value {
        let mut left: Vec<&Json> = live.iter().collect();
        let mut found = Vec::new();
        for element in elements {
            let fits = |live: &&&Json| {
                self.fields(block, Some(element), live, before).without_marks()
                    == element.without_marks()
            };
            if let Some(at) = left.iter().position(|live| fits(&live)) {
                left.remove(at);
                found.push(element.clone());
            }
        }
        let whole = Reader { mode: Mode::Whole };
        found.extend(left.into_iter().map(|live| whole.fields(block, None, live, before)));
        Value::set(ty, found)
    }
}

/// Says whether a value of a template is the configuration's own.
fn owns(node: &Node, given: &Value, written: Option<&BTreeSet<String>>, path: &str) -> bool {
    match written {
        Some(written) => written.contains(path),
        None if node.required => true,
        None => {
            !node.computed
                && schema::default(node).is_none_or(|default| !same(node, &default, given))
        }
    }
}

/// Gives what is no part of the object: as it stands, or the default.
fn outside(node: &Node, given: Option<&Value>) -> Value {
    if node.write_only {
        return Value::null(schema::node_type(node));
    }
    match given.filter(|value| value.is_known() && !value.is_null()) {
        Some(value) => value.clone(),
        None if given.is_some_and(Value::is_null) => Value::null(schema::node_type(node)),
        None if node.block.is_some() => list(node, element_type(node), Vec::new()),
        None => schema::default(node).unwrap_or_else(|| Value::null(schema::node_type(node))),
    }
}

/// Gives what stands for a field that is not given.
fn nothing(node: &Node) -> Value {
    match node.block {
        Some(_) => list(node, element_type(node), Vec::new()),
        None => Value::null(schema::node_type(node)),
    }
}

fn element_type(node: &Node) -> Type {
    node.block.as_deref().map_or(Type::Any, schema::object_type)
}

fn list(node: &Node, ty: Type, elements: Vec<Value>) -> Value {
    if node.shape == Shape::Set { Value::set(ty, elements) } else { Value::list(ty, elements) }
}

/// Pairs each element of a template with the live one of the same key, in the template's order.
/// One that is gone is left out, or paired with nothing where all are kept.
fn by_key<'a>(
    block: &Nodes,
    keys: &[String],
    elements: &'a [Value],
    live: &'a [Json],
    keep: bool,
) -> Vec<(&'a Value, &'a Json)> {
    elements
        .iter()
        .filter_map(|element| {
            let wanted = super::object::fields(block, element);
            let found =
                live.iter().find(|live| keys.iter().all(|key| same_key(block, key, &wanted, live)));
            match found {
                Some(found) => Some((element, found)),
                None => keep.then_some((element, &Json::Null)),
            }
        })
        .collect()
}

fn same_key(block: &Nodes, key: &str, wanted: &Map<String, Json>, live: &Json) -> bool {
    let default = || {
        let node = block.values().find(|node| node.api.as_deref() == Some(key))?;
        node.default.clone()
    };
    let wanted = wanted.get(key).cloned().or_else(default);
    let found = live.get(key).cloned().or_else(default);
    wanted == found
}

/// Reads a field without a template.
fn whole(node: &Node, live: Option<&Json>, path: &str) -> Value {
    let Some(block) = &node.block else { return leaf(node, live, None, path) };
    let reader = Reader { mode: Mode::Whole };
    let before = format!("{path}.");
    let read = |live: &Json| reader.fields(block, None, live, &before);
    let found = match live {
        Some(live @ Json::Object(_)) => vec![read(live)],
        Some(Json::Array(parts)) => parts.iter().map(read).collect(),
        _ => Vec::new(),
    };
    list(node, element_type(node), found)
}

/// Reads an attribute. Of a map whose keys are owned one by one, only a template's keys.
fn leaf(node: &Node, live: Option<&Json>, given: Option<&Value>, path: &str) -> Value {
    let ty = schema::attribute_type(node);
    let Some(live) = live.filter(|live| !live.is_null()) else {
        if path == "metadata.generation" {
            return Value::number(Number::from(0_i64));
        }
        return match schema::default(node) {
            Some(default) if given.is_none() => default,
            _ => Value::null(ty),
        };
    };
    let element = match &ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => (**element).clone(),
        _ => return scalar(node, live).unwrap_or(Value::null(ty)),
    };
    let null = || Value::null(element.clone());
    match (node.shape, live) {
        (Shape::Map, Json::Object(fields)) => {
            let granular = node.list.is_none();
            let wanted = |key: &str| match given.and_then(Value::fields) {
                Some(fields) => !granular || fields.contains_key(key),
                None => !is_foreign(path, key),
            };
            let entries = fields.iter().filter(|(key, _)| wanted(key));
            let entries: Vec<(&str, Value)> = entries
                .map(|(key, value)| (key.as_str(), scalar(node, value).unwrap_or_else(null)))
                .collect();
            if entries.is_empty() && given.is_none() {
                return Value::null(ty);
            }
            Value::map(element, entries)
        }
        (shape, Json::Array(parts)) => {
            let parts = parts.iter().map(|part| scalar(node, part).unwrap_or_else(null)).collect();
            if shape == Shape::Set {
                Value::set(element, parts)
            } else {
                Value::list(element, parts)
            }
        }
        _ => Value::null(ty),
    }
}

/// Says whether a label or annotation is a controller's: it is not taken in by an import.
fn is_foreign(path: &str, key: &str) -> bool {
    if !path.ends_with("metadata.annotations") && !path.ends_with("metadata.labels") {
        return false;
    }
    let host = key.split_once('/').map_or("", |(host, _)| host);
    let ours = ["app.kubernetes.io", "service.beta.kubernetes.io"].contains(&host);
    let noise = ["cloud.google.com/neg-status", "controller-uid", "job-name"].contains(&key)
        || host.ends_with("gke.io")
        || key.contains("deprecated.daemonset.template.generation");
    noise || (host.ends_with("kubernetes.io") && !ours)
}

fn scalar(node: &Node, live: &Json) -> Option<Value> {
    let text = match live {
        Json::Object(port) if node.convert == Convert::Port => {
            return scalar(node, port.get("number").or_else(|| port.get("name"))?);
        }
        Json::Null | Json::Array(_) | Json::Object(_) => return None,
        Json::Bool(flag) => return Some(Value::bool(*flag)),
        Json::Number(number) => {
            let string = node.convert != Convert::Plain || primitive(node) == Shape::String;
            return match (node.convert, number.as_i64()) {
                (Convert::Octal, Some(mode)) => Some(Value::string(format!("0{mode:o}"))),
                _ if string => Some(Value::string(number.to_string())),
                _ => Number::parse(&number.to_string()).map(Value::number),
            };
        }
        Json::String(text) => text,
    };
    match node.convert {
        Convert::Bytes => {
            let bytes = STANDARD.decode(text).unwrap_or_default();
            Some(Value::string(String::from_utf8_lossy(&bytes)))
        }
        _ => Some(Value::string(text)),
    }
}

fn primitive(node: &Node) -> Shape {
    match node.shape {
        Shape::List | Shape::Set | Shape::Map => node.element,
        other => other,
    }
}
