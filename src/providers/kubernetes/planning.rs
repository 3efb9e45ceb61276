//! Planning one object: the configuration over the prior, by meaning, and what replaces.
//!
//! Pure. What the configuration leaves empty is not compared, so nothing that a controller writes
//! makes a change.

use crate::value::{Path, Type, Value};

use super::equal::{order_is_free, quantity, same};
use super::memory::Memory;
use super::object::{self, Name};
use super::observe::with_metadata;
use super::schema;
use super::tables::{Kind, List, Node, Nodes, Shape, Way};

/// Gives the object as it will be, and the parts whose change replaces it.
pub(super) fn plan(
    kind: &Kind,
    prior: Option<&Value>,
    memory: &Memory,
    config: &Value,
) -> (Value, Vec<Path>) {
    let mut planner = Planner { kind, memory, replaces: Vec::new() };
    let after = planner.object(prior, config);
    let Some(prior) = prior else { return (after, Vec::new()) };
    planner.special(prior, &after);
    let mut replaces = planner.replaces;
    replaces.dedup();
    if replaces.is_empty() {
        let counted = matches!(kind.way, Way::Whole | Way::Adopted);
        return (if counted { counters(prior, after) } else { after }, replaces);
    }
    let anew =
        Planner { kind, memory: &Memory::default(), replaces: Vec::new() }.object(None, config);
    (anew, replaces)
}

/// Gives an object that is written again as it is.
pub(super) fn touched(object: &Value) -> Value {
    let unknown = Value::unknown_not_null(Type::String);
    with_metadata(object, |metadata| metadata.with_field("resource_version", unknown.clone()))
}

/// Sets what the server counts as unknown, where anything changes.
fn counters(prior: &Value, after: Value) -> Value {
    if after.without_marks() == prior.without_marks() {
        return after;
    }
    let fields = after.fields().into_iter().flat_map(|fields| fields.keys());
    let mut others = fields.filter(|name| !["metadata", "status", "timeouts"].contains(&&***name));
    let reaches = others.any(|name| after.field(name) != prior.field(name));
    let block = |value: &Value, name: &str| value.field(name)?.elements()?.first().cloned();
    let annotations = |value: &Value| block(value, "metadata")?.field("annotations").cloned();
    let counts = reaches || annotations(prior) != annotations(&after);
    let changed = with_metadata(&after, |metadata| {
        // Labels are no new generation, and kinds without one have none ever.
        let stays = !counts || metadata.field("generation").and_then(Value::as_i64) == Some(0);
        let metadata =
            metadata.with_field("resource_version", Value::unknown_not_null(Type::String));
        match stays {
            true => metadata,
            false => metadata.with_field("generation", Value::unknown_not_null(Type::Number)),
        }
    });
    // Nobody gives an address to a Service that asks for none.
    let kind = block(&after, "spec").and_then(|spec| spec.field("type").cloned());
    let asks = kind.is_none_or(|kind| kind.as_str().is_none_or(|kind| kind == "LoadBalancer"));
    let pending = |status: &Value| {
        let balancer = status.elements()?.first()?.field("load_balancer")?.elements()?.first()?;
        balancer.field("ingress")?.elements().map(<[Value]>::is_empty)
    };
    match changed.field("status") {
        Some(status) if (reaches || asks) && pending(status).unwrap_or(true) => {
            let unknown = Value::unknown(status.ty());
            changed.with_field("status", unknown)
        }
        _ => changed,
    }
}

struct Planner<'a> {
    kind: &'a Kind,
    memory: &'a Memory,
    replaces: Vec<Path>,
}

impl Planner<'_> {
    fn object(&mut self, prior: Option<&Value>, config: &Value) -> Value {
        let after = self.fields(&self.kind.nodes.clone(), config, prior, &Path::root(), "");
        let id = match self.kind.way {
            Way::Part => super::parts::id(self.kind, &after),
            _ => Name::of(self.kind, &after).map(|name| name.id()),
        };
        let id = match id {
            Some(id) => Value::string(id),
            None if self.kind.way == Way::Part => Value::unknown_not_null(Type::String),
            None => prior
                .and_then(|prior| prior.field("id"))
                .cloned()
                .unwrap_or_else(|| Value::unknown_not_null(Type::String)),
        };
        let after = after.with_field("id", id);
        // What was given write-only is not read back into the state.
        let is_given = |name: &str| config.field(name).is_some_and(|value| !value.is_null());
        let after = match is_given("data_wo") && !is_given("data") {
            true => after.with_field("data", Value::null(Type::map(Type::String)).sensitive()),
            false => after,
        };
        match config.field("timeouts") {
            Some(timeouts) => after.with_field("timeouts", timeouts.clone()),
            None => after,
        }
    }

    fn fields(
        &mut self,
        nodes: &Nodes,
        config: &Value,
        prior: Option<&Value>,
        path: &Path,
        before: &str,
    ) -> Value {
        Value::object(nodes.iter().map(|(name, node)| {
            let absent = Value::null(schema::node_type(node));
            let given = config.field(name).unwrap_or(&absent);
            let there = prior.and_then(|prior| prior.field(name));
            let path = path.attribute(name);
            let value = self.field(node, given, there, &path, &format!("{before}{name}"));
            let value = if node.sensitive { value.sensitive() } else { value };
            (name.as_str(), value)
        }))
    }

    fn field(
        &mut self,
        node: &Node,
        given: &Value,
        prior: Option<&Value>,
        path: &Path,
        dotted: &str,
    ) -> Value {
        let ty = || schema::node_type(node);
        if node.write_only {
            return Value::null(ty());
        }
        if !node.optional && !node.required {
            return match prior.filter(|prior| prior.is_known()) {
                // A template's own counters do not exist; the schema has them for the form's sake.
                _ if node.api.is_none() => Value::null(ty()),
                Some(prior) => prior.clone(),
                None => Value::unknown(ty()),
            };
        }
        let value = if !given.is_known() {
            given.clone()
        } else if let Some(block) = &node.block {
            self.blocks(node, block, given, prior, path, dotted)
        } else if given.is_null() {
            self.unwritten(node, prior, dotted)
        } else {
            match prior {
                Some(prior) if prior.is_known() && same(node, prior, given) => {
                    prior.clone().marked(given.all_marks())
                }
                _ => given.clone(),
            }
        };
        // What an import has not taken in may well be there.
        let unread = node.beyond
            && self.memory.imported
            && self.memory.written.is_none()
            && prior.is_none_or(|prior| {
                prior.is_null() || prior.elements().is_some_and(<[Value]>::is_empty)
            });
        if node.replaces
            && !unread
            && prior.is_some_and(|prior| prior.without_marks() != value.without_marks())
        {
            self.replaced(path);
        }
        value
    }

    /// Notes a part that replaces; what lies above a noted part is noted by it.
    fn replaced(&mut self, path: &Path) {
        let inside = |deeper: &Path| deeper.0.len() > path.0.len() && deeper.0.starts_with(&path.0);
        if !self.replaces.iter().any(inside) {
            self.replaces.push(path.clone());
        }
    }

    fn unwritten(&self, node: &Node, prior: Option<&Value>, dotted: &str) -> Value {
        let ty = schema::node_type(node);
        let there = prior.filter(|prior| prior.is_known() && !prior.is_null());
        if let Some(there) = there
            && node.api.is_some()
            && (node.computed || self.memory.leaves_alone(dotted, node.computed))
        {
            return there.clone();
        }
        match (schema::default(node), prior) {
            (Some(default), Some(there)) if there.is_known() && same(node, there, &default) => {
                there.clone()
            }
            (Some(default), _) => default,
            (None, Some(there)) if node.computed => there.clone(),
            (None, None) if node.computed && node.api.is_some() => Value::unknown(ty),
            (None, _) => Value::null(ty),
        }
    }

    fn blocks(
        &mut self,
        node: &Node,
        block: &Nodes,
        given: &Value,
        prior: Option<&Value>,
        path: &Path,
        dotted: &str,
    ) -> Value {
        let ty = schema::object_type(block);
        let make = |elements| match node.shape {
            Shape::Set => Value::set(ty.clone(), elements),
            _ => Value::list(ty.clone(), elements),
        };
        let there = prior.and_then(Value::elements).unwrap_or(&[]);
        let elements = given.elements().unwrap_or(&[]);
        if elements.is_empty() {
            let leave = !there.is_empty() && self.memory.leaves_alone(dotted, node.computed);
            return if leave { make(there.to_vec()) } else { make(Vec::new()) };
        }
        let before = format!("{dotted}.");
        let mut planned = Vec::with_capacity(elements.len());
        for (place, element) in elements.iter().enumerate() {
            if !element.is_known() {
                planned.push(element.clone());
                continue;
            }
            let path = path.place(place);
            let partner = match node.shape {
                Shape::Set => self.twin(block, element, there, &path, &before),
                _ => partner(node, block, element, there, place),
            };
            planned
                .push(self.fields(block, element, partner, &path, &before).marked(element.marks()));
        }
        let free = node.api.as_deref().is_some_and(order_is_free);
        if free && matches!(node.list, Some(List::Keyed(_))) && is_permutation(&planned, there) {
            return make(there.to_vec());
        }
        make(planned).marked(given.marks())
    }

    /// Finds the prior element of a set that an element stands for: it plans to be as it is.
    fn twin<'v>(
        &self,
        block: &Nodes,
        element: &Value,
        there: &'v [Value],
        path: &Path,
        before: &str,
    ) -> Option<&'v Value> {
        there.iter().find(|prior| {
            let mut trial = Planner { kind: self.kind, memory: self.memory, replaces: Vec::new() };
            let planned = trial.fields(block, element, Some(prior), path, before);
            planned.without_marks() == prior.without_marks()
        })
    }

    /// The rules that depend on more than one field.
    fn special(&mut self, prior: &Value, after: &Value) {
        let differs = |name: &str| {
            let plain = |value: &Value| value.field(name).map(Value::without_marks);
            plain(prior) != plain(after)
        };
        // What was made immutable once stays so.
        if prior.field("immutable").and_then(Value::as_bool) == Some(true) {
            for name in ["data", "binary_data", "immutable"] {
                if differs(name) {
                    self.replaced(&Path::root().attribute(name));
                }
            }
        }
        if self.kind.kind == "PersistentVolumeClaim" {
            let path = ["spec", "resources"]
                .iter()
                .fold(Path::root(), |path, name| path.attribute(*name).place(0));
            let path = path.attribute("requests").key("storage");
            let size = |value: &Value| value.at(&path).and_then(Value::as_str).and_then(quantity);
            if matches!((size(prior), size(after)), (Some(old), Some(new)) if new < old) {
                self.replaced(&path);
            }
        }
    }
}

/// Finds the prior element that an element of a list stands for: by key, else by place.
fn partner<'v>(
    node: &Node,
    block: &Nodes,
    element: &Value,
    there: &'v [Value],
    place: usize,
) -> Option<&'v Value> {
    let Some(List::Keyed(keys)) = &node.list else { return there.get(place) };
    let key = |value: &Value| {
        let fields = object::fields(block, value);
        keys.iter().map(|key| fields.get(key).cloned()).collect::<Vec<_>>()
    };
    let wanted = key(element);
    there.iter().find(|prior| key(prior) == wanted)
}

fn is_permutation(planned: &[Value], there: &[Value]) -> bool {
    let mut left: Vec<Value> = there.iter().map(Value::without_marks).collect();
    planned.len() == there.len()
        && planned.iter().all(|element| {
            let element = element.without_marks();
            left.iter().position(|prior| *prior == element).map(|at| left.swap_remove(at)).is_some()
        })
}
