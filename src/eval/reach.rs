//! What a block needs by its text alone, however far: through locals, variables, outputs and provider blocks.
//!
//! This is what the state keeps of an object, so that it can be removed in the right order when its block
//! is gone, and it is what `-target` takes along.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::evaluator::Evaluator;
use super::order::Node;
use super::scope::ModuleId;
use crate::addr::{Address, Key, Mode, Step, Target};
use crate::config::block_name;
use crate::diag::Diagnostic;

/// Blocks that are reached; where only some of a block's instances are named, these.
pub type Reached = BTreeMap<Address, Option<BTreeSet<Key>>>;

/// Says whether an instance is among what is reached.
pub fn is_reached(reached: &Reached, address: &Address) -> bool {
    let keys = reached.get(&address.without_keys());
    let named = |keys: &BTreeSet<Key>| address.key.as_ref().is_none_or(|key| keys.contains(key));
    keys.is_some_and(|keys| keys.as_ref().is_none_or(named))
}

impl<'a> Evaluator<'a> {
    /// Gives the blocks that an instance's block needs, without any keys. Empty for what has no block.
    pub fn reach(&self, address: &Address) -> BTreeSet<Address> {
        self.node(address).map(|start| self.reach_from(start)).unwrap_or_default()
    }

    /// Gives all blocks of the configuration, without any keys.
    pub fn blocks(&self) -> BTreeSet<Address> {
        self.order().nodes.iter().filter_map(|node| self.block_of(*node)).collect()
    }

    /// Gives what is wrong with names that need each other.
    pub fn cycles(&self) -> &[Diagnostic] {
        &self.order().cycles
    }

    /// Gives the blocks that provider blocks are made from, without any keys.
    pub fn reach_of_providers(&self) -> BTreeSet<Address> {
        let nodes = self.order().nodes.iter().filter(|node| matches!(node, Node::Provider(..)));
        nodes.flat_map(|node| self.reach_from(*node)).collect()
    }

    fn reach_from(&self, start: Node<'a>) -> BTreeSet<Address> {
        let order = self.order();
        let mut seen: BTreeSet<Node<'a>> = [start].into();
        let mut open = vec![start];
        let mut found = BTreeSet::new();
        while let Some(node) = open.pop() {
            for next in order.edges.get(&node).into_iter().flatten() {
                if seen.insert(*next) {
                    open.push(*next);
                    found.extend(self.block_of(*next));
                }
            }
        }
        found
    }

    /// Gives what blocks refer to, however far: the blocks, and where only some instances are named, which.
    pub fn reach_instances(&self, blocks: &BTreeSet<Address>) -> Reached {
        let mut open: Vec<Node<'a>> = blocks.iter().filter_map(|block| self.node(block)).collect();
        let mut seen: BTreeSet<Node<'a>> = open.iter().copied().collect();
        let mut found = Reached::new();
        while let Some(node) = open.pop() {
            for next in self.order().edges.get(&node).into_iter().flatten() {
                if let Some(block) = self.block_of(*next) {
                    let named = self.order().instances.get(&(node, *next));
                    let known = found.entry(block).or_insert_with(|| Some(BTreeSet::new()));
                    match (known.as_mut(), named) {
                        (Some(keys), Some(named)) => keys.extend(named.iter().cloned()),
                        _ => *known = None,
                    }
                }
                if seen.insert(*next) {
                    open.push(*next);
                }
            }
        }
        found
    }

    /// Gives the blocks that targets name, whole or in part.
    pub fn targeted(&self, targets: &[Target]) -> BTreeSet<Address> {
        let blocks = self.order().nodes.iter().filter_map(|node| self.block_of(*node));
        blocks.filter(|block| targets.iter().any(|target| is_of(block, target))).collect()
    }

    /// Gives the blocks whose replacements are made first: those that say so and all that these need.
    pub fn made_first(&self, blocks: &BTreeSet<Address>) -> BTreeSet<Address> {
        let needed = blocks.iter().flat_map(|block| self.reach(block));
        needed.chain(blocks.iter().cloned()).collect()
    }

    /// Gives the blocks that say themselves that they are made first.
    pub fn saying_first(&self) -> BTreeSet<Address> {
        self.saying_first_of(|_| true)
    }

    /// Gives those of them that are evaluated.
    pub fn evaluated_saying_first(&self) -> BTreeSet<Address> {
        self.saying_first_of(|node| self.is_in(node))
    }

    fn saying_first_of(&self, counts: impl Fn(&Node<'a>) -> bool) -> BTreeSet<Address> {
        let blocks = self.order().nodes.iter().filter(|node| {
            let Node::Resource(place, mode, type_name, name) = **node else { return false };
            let block = self.order().places[place].module.resource((mode, type_name, name));
            block.is_some_and(|of| of.lifecycle.create_before_destroy == Some(true)) && counts(node)
        });
        blocks.filter_map(|node| self.block_of(*node)).collect()
    }

    /// Limits all further evaluation to what is targeted (all, where nothing is) with what it needs, without what is
    /// excluded and what needs that. Of a block that a target is in those instances count alone that targets name.
    pub fn limit(&mut self, targets: &[Target], excluded: &[Target]) {
        if targets.is_empty() && excluded.is_empty() {
            return;
        }
        let order = self.order().clone();
        let named = |node: &Node<'a>, targets: &[Target]| {
            let Some(address) = self.block_of(*node) else { return false };
            targets.iter().any(|target| is_of(&address, target))
        };
        let mut set: HashSet<Node<'a>> = order.nodes.iter().copied().collect();
        if !targets.is_empty() {
            set.retain(|node| named(node, targets));
            let mut open: Vec<Node<'a>> = set.iter().copied().collect();
            while let Some(node) = open.pop() {
                let edges = order.edges.get(&node).into_iter().flatten();
                open.extend(edges.filter(|next| set.insert(**next)));
            }
            set.extend(self.outputs_of(&set));
        }
        // The order has each node after those that it refers to.
        let mut out: HashSet<Node<'a>> = HashSet::new();
        for node in &order.nodes {
            let mut edges = order.edges.get(node).into_iter().flatten();
            if named(node, excluded) || edges.any(|next| out.contains(next)) {
                out.insert(*node);
            }
        }
        set.retain(|node| !out.contains(node));
        self.limit = Some(set);
        self.targets = targets.to_vec();
    }

    /// Says whether an instance is planned: it is not where only others of its block are targeted.
    pub(super) fn is_planned(&self, address: &Address) -> bool {
        let block = address.without_keys();
        let mut targets = self.targets.iter().filter(|target| is_of(&block, target)).peekable();
        targets.peek().is_none() || targets.any(|target| address.is_within(target))
    }

    /// Gives the root's outputs that are made of nothing but what is in a set, with what they refer to.
    fn outputs_of(&self, set: &HashSet<Node<'a>>) -> HashSet<Node<'a>> {
        let mut found = HashSet::new();
        for name in self.config.root.outputs.keys() {
            let output = Node::Output(0, name);
            let mut seen: HashSet<Node<'a>> = [output].into();
            let mut open = vec![output];
            while let Some(node) = open.pop() {
                let edges = self.order().edges.get(&node).into_iter().flatten();
                open.extend(edges.filter(|next| seen.insert(**next)));
            }
            let mut blocks = seen.iter().filter(|node| self.block_of(**node).is_some()).peekable();
            if blocks.peek().is_some() && blocks.all(|node| set.contains(node)) {
                found.extend(seen);
            }
        }
        found
    }

    /// Says whether something is evaluated.
    pub(super) fn is_in(&self, node: &Node<'a>) -> bool {
        self.limit.as_ref().is_none_or(|limit| limit.contains(node))
    }

    /// Says whether a block is evaluated; one that is not declared is where a target names it, or nothing is targeted.
    pub(super) fn is_reached(&self, block: &Address) -> bool {
        let named =
            || self.targets.is_empty() || self.targets.iter().any(|target| is_of(block, target));
        self.node(block).map_or_else(named, |node| self.is_in(&node))
    }

    /// Gives the place of a module's instance among the configuration's modules.
    pub(super) fn place(&self, module: ModuleId) -> usize {
        let path = &self.modules[module].module.path;
        let child =
            |place: usize, name: &String| self.order().places[place].children.get(name.as_str());
        path.iter().fold(0, |place, name| child(place, name).copied().unwrap_or(place))
    }

    pub(super) fn node(&self, address: &Address) -> Option<Node<'a>> {
        let mut place = 0;
        for step in &address.module {
            place = *self.order().places[place].children.get(step.name.as_str())?;
        }
        let module = self.order().places[place].module;
        let name = block_name(address);
        let scoped = || {
            let data = module.checks.values().filter_map(|check| check.data.as_ref());
            data.into_iter().find(|data| data.block_name() == name)
        };
        let block = module.resource(name).or_else(scoped)?;
        Some(Node::Resource(place, block.mode, &block.type_name.text, &block.name.text))
    }

    pub(super) fn block_of(&self, node: Node<'a>) -> Option<Address> {
        let Node::Resource(place, mode, type_name, name) = node else { return None };
        if mode == Mode::Ephemeral {
            return None;
        }
        let path = &self.order().places[place].module.path;
        let module = path.iter().map(|name| Step { name: name.clone(), key: None }).collect();
        Some(Address::root(mode, type_name, name).in_module(module))
    }
}

/// Says whether a block, without keys, is what a target names or has an instance that is.
fn is_of(block: &Address, target: &Target) -> bool {
    let within = |path: &[Step]| {
        block.module.len() >= path.len()
            && block.module.iter().zip(path).all(|(step, wanted)| step.name == wanted.name)
    };
    match target {
        Target::Module(path) => within(path),
        Target::Resource(address) => {
            within(&address.module)
                && block.module.len() == address.module.len()
                && (block.mode, &block.type_name, &block.name)
                    == (address.mode, &address.type_name, &address.name)
        }
    }
}
