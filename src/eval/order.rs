//! The order of evaluation: names after those that they refer to, and the cycles among them.
//!
//! Evaluation is by demand, so it needs no order to be right; it needs one to be flat: a chain of ten
//! thousand names must not become ten thousand nested calls. A cycle is told here, of all its members
//! at once, and then nothing is evaluated.

use std::collections::{BTreeMap, BTreeSet};

use super::Schemas;
use super::reference::{Chain, Named, Step, block_text, fixed_key, is_reserved, named, references};
use super::scope::Table;
use crate::addr::{Key, Mode};
use crate::config::{Config, Import, Module, ModuleCall, ProviderBlock, Resource};
use crate::diag::{Diagnostic, Sources, Span};
use crate::syntax::tree::{Block, Body, Expr};

/// A module of the configuration, whatever number of instances it has.
pub(super) struct Place<'a> {
    pub module: &'a Module,
    pub caller: Option<(usize, &'a ModuleCall)>,
    /// The modules that it calls.
    pub children: BTreeMap<&'a str, usize>,
}

/// Something that is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Node<'a> {
    Local(usize, &'a str),
    Variable(usize, &'a str),
    Output(usize, &'a str),
    Call(usize, &'a str),
    /// All that is in a called module: what names it as a whole waits for that.
    Close(usize, &'a str),
    Resource(usize, Mode, &'a str, &'a str),
    Provider(usize, &'a str, Option<&'a str>),
    Check(usize, &'a str),
}

impl Node<'_> {
    /// Gives the number of the module that it stands in.
    fn place(self) -> usize {
        match self {
            Node::Local(place, _)
            | Node::Variable(place, _)
            | Node::Output(place, _)
            | Node::Call(place, _)
            | Node::Close(place, _)
            | Node::Resource(place, ..)
            | Node::Check(place, _)
            | Node::Provider(place, ..) => place,
        }
    }
}

/// The order, or the cycles that forbid one.
pub(super) struct Order<'a> {
    pub places: Vec<Place<'a>>,
    pub nodes: Vec<Node<'a>>,
    /// What each node refers to.
    pub edges: Table<Node<'a>, Vec<Node<'a>>>,
    /// The instances of a block that a node names one by one, where it does not speak of the whole block.
    pub instances: Table<(Node<'a>, Node<'a>), BTreeSet<Key>>,
    pub cycles: Vec<Diagnostic>,
}

/// Puts all names of a configuration in order.
pub(super) fn order<'a>(config: &'a Config, sources: &Sources, schemas: &dyn Schemas) -> Order<'a> {
    let mut places = vec![Place { module: &config.root, caller: None, children: BTreeMap::new() }];
    let mut next = 0;
    while let Some(place) = places.get(next) {
        let module = place.module;
        for (name, call) in &module.calls {
            let child = places.len();
            places.push(Place {
                module: &call.module,
                caller: Some((next, call)),
                children: BTreeMap::new(),
            });
            places[next].children.insert(name, child);
        }
        next += 1;
    }
    let graph = Graph::new(&places, schemas);
    let (nodes, circles) = graph.components();
    let cycles = circles.iter().map(|members| graph.cycle(members, &places, sources)).collect();
    let edges =
        graph.nodes.iter().zip(&graph.edges).map(|(node, edges)| {
            (*node, edges.iter().map(|(other, _)| graph.nodes[*other]).collect())
        });
    let edges = edges.collect();
    Order { places, nodes, edges, instances: graph.instances, cycles }
}

struct Graph<'a> {
    nodes: Vec<Node<'a>>,
    /// For each node those that it refers to, and where.
    edges: Vec<Vec<(usize, Span)>>,
    /// The instances that are named one by one.
    instances: Table<(Node<'a>, Node<'a>), BTreeSet<Key>>,
}

impl<'a> Graph<'a> {
    fn new(places: &[Place<'a>], schemas: &dyn Schemas) -> Graph<'a> {
        let mut nodes = Vec::new();
        for (place, at) in places.iter().enumerate() {
            let module = at.module;
            nodes.extend(module.variables.keys().map(|name| Node::Variable(place, name)));
            nodes.extend(module.locals.keys().map(|name| Node::Local(place, name)));
            nodes.extend(module.calls.keys().map(|name| Node::Call(place, name)));
            nodes.extend(module.calls.keys().map(|name| Node::Close(place, name)));
            nodes.extend(
                module
                    .providers
                    .keys()
                    .map(|(name, alias)| Node::Provider(place, name, alias.as_deref())),
            );
            nodes.extend(resources(module).map(|of| resource_node(place, of)));
            nodes.extend(module.outputs.keys().map(|name| Node::Output(place, name)));
            nodes.extend(module.checks.keys().map(|name| Node::Check(place, name)));
        }
        let numbers: Table<Node<'a>, usize> =
            nodes.iter().enumerate().map(|(number, node)| (*node, number)).collect();
        let mut instances = Table::default();
        let imports = imports(places);
        let edges = nodes.iter().enumerate().map(|(number, node)| {
            let (nodes, keys) = (Vec::new(), Vec::new());
            let mut found = Found { places, schemas, imports: &imports, at: 0, nodes, keys };
            found.node(*node);
            for (block, key) in &found.keys {
                let whole = found.nodes.iter().filter(|(other, _)| other == block).count();
                let named = found.keys.iter().filter(|(other, _)| other == block).count();
                if whole == named {
                    let keys: &mut BTreeSet<Key> = instances.entry((*node, *block)).or_default();
                    keys.insert(key.clone());
                }
            }
            let known = found
                .nodes
                .into_iter()
                .filter_map(|(node, span)| Some((*numbers.get(&node)?, span)));
            let mut known: Vec<(usize, Span)> =
                known.filter(|(other, _)| *other != number).collect();
            known.sort_unstable();
            known.dedup_by_key(|(other, _)| *other);
            known
        });
        let edges = edges.collect();
        Graph { nodes, edges, instances }
    }

    /// Gives the nodes, each after those that it refers to, and the sets of those that refer to each other
    /// (Tarjan's components, without recursion).
    fn components(&self) -> (Vec<Node<'a>>, Vec<Vec<usize>>) {
        const NEW: usize = usize::MAX;
        let count = self.nodes.len();
        let (mut index, mut low) = (vec![NEW; count], vec![0; count]);
        let mut on_stack = vec![false; count];
        let (mut stack, mut order, mut circles) = (Vec::new(), Vec::new(), Vec::new());
        let mut next = 0;
        for start in 0..count {
            if index[start] != NEW {
                continue;
            }
            let mut work = vec![(start, 0)];
            while let Some((node, edge)) = work.pop() {
                if edge == 0 {
                    (index[node], low[node]) = (next, next);
                    next += 1;
                    stack.push(node);
                    on_stack[node] = true;
                }
                if let Some((other, _)) = self.edges[node].get(edge) {
                    work.push((node, edge + 1));
                    if index[*other] == NEW {
                        work.push((*other, 0));
                    } else if on_stack[*other] {
                        low[node] = low[node].min(index[*other]);
                    }
                    continue;
                }
                if let Some((parent, _)) = work.last() {
                    low[*parent] = low[*parent].min(low[node]);
                }
                if low[node] == index[node] {
                    let from = stack.iter().rposition(|member| *member == node).unwrap_or(0);
                    let members = stack.split_off(from);
                    members.iter().for_each(|member| on_stack[*member] = false);
                    order.extend(members.iter().map(|member| self.nodes[*member]));
                    if members.len() > 1 {
                        circles.push(members);
                    }
                }
            }
        }
        (order, circles)
    }

    /// Says whether a variable is in a cycle by its validations rather than by its value.
    fn by_validation(&self, variable: usize, members: &[usize], places: &[Place<'_>]) -> bool {
        let Node::Variable(place, name) = self.nodes[variable] else { return false };
        let validations = places[place].module.variables.get(name).map(|of| &of.validations);
        let inside = self.edges[variable].iter().filter(|(other, _)| members.contains(other));
        validations.is_some_and(|rules| !rules.is_empty())
            && inside.into_iter().any(|(other, _)| self.nodes[*other].place() == place)
    }

    /// Tells of a cycle: all its members, and a way around it.
    fn cycle(&self, members: &[usize], places: &[Place<'a>], sources: &Sources) -> Diagnostic {
        let mut names: Vec<String> = members
            .iter()
            .filter_map(|member| {
                let node = self.nodes[*member];
                let text = label(node, places, true)?;
                let validated = self.by_validation(*member, members, places);
                Some(if validated { text.replace(" (expand)", " (validation)") } else { text })
            })
            .collect();
        names.sort();
        let mut problem = Diagnostic::error(format!("Cycle: {}", names.join(", ")), "");
        let mut way: Vec<usize> = Vec::new();
        let mut at = members.iter().copied().min_by_key(|member| self.nodes[*member]).unwrap_or(0);
        while !way.contains(&at) {
            way.push(at);
            let Some((next, span)) =
                self.edges[at].iter().find(|(other, _)| members.contains(other))
            else {
                break;
            };
            let (from, to) =
                (label(self.nodes[at], places, false), label(self.nodes[*next], places, false));
            if let (Some(from), Some(to)) = (from, to)
                && *span != Span::default()
            {
                problem =
                    problem.help(format!("{from} refers to {to} at {}.", sources.file_line(*span)));
            }
            at = *next;
        }
        problem
    }
}

/// The root's `import` blocks by the names of what they import to.
type Imports<'a> = Table<Vec<String>, Vec<&'a Import>>;

/// Gives the root's `import` blocks by the block that each imports to: the names of its modules, its type and its name.
fn imports<'a>(places: &[Place<'a>]) -> Imports<'a> {
    let mut found = Imports::default();
    for import in places.first().into_iter().flat_map(|root| &root.module.imports) {
        let chain = Chain::new(&import.to);
        let names = chain.steps.iter().filter_map(|(step, ..)| match step {
            Step::Attribute(name) => Some(name.text.clone()),
            Step::Index(_) => None,
        });
        let mut names: Vec<String> =
            std::iter::once(chain.name().0.to_owned()).chain(names).collect();
        let modules = names.len().saturating_sub(2);
        // What stands before a block are `module` and a module's name, in turn.
        let mut place = 0;
        names.retain(|_| {
            place += 1;
            place > modules || place % 2 == 0
        });
        found.entry(names).or_default().push(import);
    }
    found
}

fn resources(module: &Module) -> impl Iterator<Item = &Resource> {
    let scoped = module.checks.values().filter_map(|check| check.data.as_ref());
    module.resources.values().map(Box::as_ref).chain(scoped)
}

pub(super) fn resource_node<'a>(place: usize, resource: &'a Resource) -> Node<'a> {
    Node::Resource(place, resource.mode, &resource.type_name.text, &resource.name.text)
}

fn label(node: Node<'_>, places: &[Place<'_>], expanded: bool) -> Option<String> {
    let suffix = if expanded { " (expand)" } else { "" };
    let (place, name) = match node {
        Node::Local(place, name) => (place, format!("local.{name}{suffix}")),
        Node::Variable(place, name) => (place, format!("var.{name}{suffix}")),
        Node::Output(place, name) => (place, format!("output.{name}{suffix}")),
        Node::Call(place, name) => (place, format!("module.{name}{suffix}")),
        Node::Close(place, name) => (place, format!("module.{name} (close)")),
        Node::Check(place, name) => (place, format!("check.{name}{suffix}")),
        Node::Resource(place, mode, type_name, name) => (place, block_text(mode, type_name, name)),
        Node::Provider(place, name, alias) => {
            let alias = alias.map(|alias| format!(".{alias}")).unwrap_or_default();
            (place, format!("provider[{name:?}]{alias}"))
        }
    };
    let steps: Vec<String> =
        places[place].module.path.iter().map(|name| format!("module.{name}.")).collect();
    Some(format!("{}{name}", steps.concat()))
}

/// Gives the key of the one instance that a reference to a block is about.
fn instance_key(chain: &Chain<'_>) -> Option<Key> {
    let Ok(Named::Resource { mode, used, .. }) = named(chain) else { return None };
    let used = if mode == Mode::Managed { used } else { used.max(2) };
    let key = fixed_key(chain.steps.get(used))?;
    match (key.as_str(), key.as_i64()) {
        (Some(text), _) => Some(Key::String(text.into())),
        (None, Some(number)) => number.try_into().ok().map(Key::Number),
        (None, None) => None,
    }
}

/// Collects what a node refers to.
struct Found<'p, 'a> {
    places: &'p [Place<'a>],
    schemas: &'p dyn Schemas,
    imports: &'p Imports<'a>,
    /// The module that names are looked up in.
    at: usize,
    nodes: Vec<(Node<'a>, Span)>,
    /// Those of the blocks that were named with a fixed key.
    keys: Vec<(Node<'a>, Key)>,
}

impl<'a> Found<'_, 'a> {
    fn node(&mut self, node: Node<'a>) {
        let place = node.place();
        self.at = place;
        let module = self.places[place].module;
        if let Some((parent, call)) = self.places[place].caller {
            self.nodes.push((Node::Call(parent, &call.name.text), Span::default()));
        }
        match node {
            Node::Local(_, name) => self.exprs(module.locals.get(name).map(|local| &local.expr)),
            Node::Variable(_, name) => self.variable(place, name),
            Node::Output(_, name) => {
                let Some(output) = module.outputs.get(name) else { return };
                self.exprs([&output.value]);
                self.depends_on(&output.depends_on);
                self.exprs(
                    output
                        .preconditions
                        .iter()
                        .flat_map(|rule| [&rule.condition, &rule.error_message]),
                );
            }
            Node::Call(_, name) => {
                let Some(call) = module.calls.get(name) else { return };
                self.exprs(call.count.iter().chain(&call.for_each));
                self.depends_on(&call.depends_on);
            }
            Node::Close(_, name) => {
                if let Some(child) = self.places[place].children.get(name) {
                    self.inside(*child);
                }
            }
            Node::Resource(_, mode, type_name, name) => {
                let scoped = || {
                    resources(module).find(|of| {
                        resource_node(place, of) == Node::Resource(place, mode, type_name, name)
                    })
                };
                if let Some(resource) = module.resource((mode, type_name, name)).or_else(scoped) {
                    self.resource(resource);
                }
            }
            Node::Check(_, name) => {
                let Some(check) = module.checks.get(name) else { return };
                let own = check.data.iter().map(|data| resource_node(place, data));
                self.nodes.extend(own.map(|node| (node, Span::default())));
                let rules = check.asserts.iter();
                self.exprs(rules.flat_map(|rule| [&rule.condition, &rule.error_message]));
            }
            Node::Provider(_, name, alias) => {
                let id = (name.to_string(), alias.map(str::to_string));
                if let Some(block) = module.providers.get(&id) {
                    self.body(&block.body, &mut Vec::new());
                }
            }
        }
    }

    fn variable(&mut self, place: usize, name: &'a str) {
        let Some(variable) = self.places[place].module.variables.get(name) else { return };
        self.exprs(
            variable.validations.iter().flat_map(|rule| [&rule.condition, &rule.error_message]),
        );
        if let Some((parent, call)) = self.places[place].caller {
            self.at = parent;
            self.exprs(call.inputs.attribute(name).map(|attribute| &attribute.expr));
        }
    }

    /// Takes in what the `import` blocks of a resource refer to: what is imported stands after it.
    fn imports(&mut self, resource: &'a Resource) {
        let here = self.at;
        let names = [resource.type_name.text.clone(), resource.name.text.clone()];
        let path = self.places[here].module.path.iter().cloned();
        let key: Vec<String> = path.chain(names).collect();
        let blocks = self.imports.get(&key).map(Vec::as_slice).unwrap_or_default();
        self.at = 0;
        for import in blocks {
            self.exprs(import.id.iter().chain(&import.for_each));
        }
        self.at = here;
    }

    fn resource(&mut self, resource: &'a Resource) {
        if resource.mode == Mode::Managed && !self.imports.is_empty() {
            self.imports(resource);
        }
        self.exprs(resource.count.iter().chain(&resource.for_each));
        self.depends_on(&resource.depends_on);
        self.exprs(&resource.lifecycle.replace_triggered_by);
        let rules =
            resource.lifecycle.preconditions.iter().chain(&resource.lifecycle.postconditions);
        self.exprs(rules.flat_map(|rule| [&rule.condition, &rule.error_message]));
        self.resource_body(resource);
        for block in &resource.provisioners {
            let own = block.body.attributes.iter();
            let own = own.filter(|argument| !matches!(&*argument.name.text, "when" | "on_failure"));
            self.exprs(own.map(|argument| &argument.expr));
        }
        if let Some((place, block)) = self.provider(resource) {
            let alias = block.alias.as_ref().map(|alias| alias.text.as_str());
            self.nodes.push((Node::Provider(place, &block.name.text, alias), resource.span));
        }
    }

    /// Finds the provider block that a resource block uses, through the modules above.
    fn provider(&self, resource: &'a Resource) -> Option<(usize, &'a ProviderBlock)> {
        let implied = resource.type_name.text.split('_').next().unwrap_or_default().to_string();
        let mut id = match &resource.provider {
            Some((name, alias)) => {
                (name.text.clone(), alias.as_ref().map(|alias| alias.text.clone()))
            }
            None => (implied, None),
        };
        let mut at = self.at;
        loop {
            let place = &self.places[at];
            if let Some(block) = place.module.providers.get(&id) {
                return Some((at, block));
            }
            let (parent, call) = place.caller?;
            if let Some(passed) = call.providers.iter().find(|passed| passed.inside == id) {
                id = passed.here.clone();
            }
            at = parent;
        }
    }

    /// Takes in a resource's body: what its type does not have is told of, and refers to nothing.
    fn resource_body(&mut self, resource: &'a Resource) {
        let implied = resource.type_name.text.split('_').next().unwrap_or_default();
        let local = resource.provider.as_ref().map_or(implied, |(name, _)| &name.text);
        let source = self.places[self.at].module.provider_source(local);
        let schema = self.schemas.resource(&source, resource.mode, &resource.type_name.text);
        let known =
            |name: &str| schema.as_ref().is_none_or(|schema| schema.fields.contains_key(name));
        for attribute in resource.body.attributes.iter().filter(|own| known(&own.name.text)) {
            self.expr(&attribute.expr, &mut Vec::new());
        }
        for block in &resource.body.blocks {
            let dynamic = block.kind.text == "dynamic";
            let label = block.labels.first().filter(|_| dynamic).unwrap_or(&block.kind);
            if known(&label.text) {
                self.block(block, &mut Vec::new());
            }
        }
    }

    fn body(&mut self, body: &'a Body, bound: &mut Vec<String>) {
        for attribute in &body.attributes {
            if attribute.name.text != "iterator" {
                self.expr(&attribute.expr, bound);
            }
        }
        for block in &body.blocks {
            self.block(block, bound);
        }
    }

    fn block(&mut self, block: &'a Block, bound: &mut Vec<String>) {
        let depth = bound.len();
        if block.kind.text == "dynamic" {
            let iterator = block.body.attribute("iterator");
            let named = iterator.and_then(|iterator| iterator.expr.traversal());
            let named = named.and_then(|names| names.into_iter().next()).map(|name| name.text);
            bound.extend(named.or_else(|| block.labels.first().map(|label| label.text.clone())));
        }
        self.body(&block.body, bound);
        bound.truncate(depth);
    }

    fn exprs(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        for expr in exprs {
            self.expr(expr, &mut Vec::new());
        }
    }

    fn expr(&mut self, expr: &'a Expr, bound: &mut Vec<String>) {
        let mut chains = Vec::new();
        references(expr, bound, &mut |chain| {
            if let Some(found) = self.chain(chain) {
                let key = instance_key(chain).filter(|_| found.len() == 1);
                self.keys.extend(key.map(|key| (found[0].0, key)));
                chains.extend(found);
            }
        });
        self.nodes.extend(chains);
    }

    fn depends_on(&mut self, entries: &'a [Expr]) {
        for entry in entries {
            let found = self.chain(&Chain::new(entry));
            self.nodes.extend(found.unwrap_or_default());
        }
    }

    fn chain(&self, chain: &Chain<'a>) -> Option<Vec<(Node<'a>, Span)>> {
        let (root, _) = chain.name();
        let span = chain.until(chain.steps.len());
        let first = chain.attribute(0).map(|name| name.text.as_str());
        let node = match root {
            "var" => Node::Variable(self.at, first?),
            "local" => Node::Local(self.at, first?),
            "module" => return self.module(chain, first?, span),
            _ if is_reserved(root) => return None,
            _ => match named(chain).ok()? {
                Named::Resource { mode, type_name, name, .. } => {
                    Node::Resource(self.at, mode, type_name, name)
                }
                Named::Other => return None,
            },
        };
        Some(vec![(node, span)])
    }

    fn module(
        &self,
        chain: &Chain<'a>,
        name: &'a str,
        span: Span,
    ) -> Option<Vec<(Node<'a>, Span)>> {
        let child = *self.places[self.at].children.get(name)?;
        let mut nodes = vec![(Node::Call(self.at, name), span)];
        let output = chain.attribute(1).or_else(|| chain.attribute(2));
        match output {
            Some(output) => nodes.push((Node::Output(child, &output.text), span)),
            None => nodes.push((Node::Close(self.at, name), span)),
        }
        Some(nodes)
    }

    /// Adds all that is in a module, and the ends of those that it calls.
    fn inside(&mut self, place: usize) {
        let module = self.places[place].module;
        let own = [
            module.variables.keys().map(|name| Node::Variable(place, name)).collect::<Vec<_>>(),
            module.locals.keys().map(|name| Node::Local(place, name)).collect(),
            module.outputs.keys().map(|name| Node::Output(place, name)).collect(),
            module.calls.keys().map(|name| Node::Close(place, name)).collect(),
            module.checks.keys().map(|name| Node::Check(place, name)).collect(),
            resources(module).map(|of| resource_node(place, of)).collect(),
        ];
        self.nodes.extend(own.concat().into_iter().map(|node| (node, Span::default())));
    }
}
