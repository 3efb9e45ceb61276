//! A pass over all of a configuration: each name after those that it refers to, then all that is desired.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::evaluator::Pass;
use super::expand::Turns;
use super::order::Node;
use super::scope::{BlockId, ModuleId};
use super::written::{deprecations, redundant};
use super::{CheckResult, CheckStatus, Desired, OutputValue, ProviderRef};
use crate::diag::Span;

impl<'a> Pass<'_, 'a> {
    /// Evaluates names after those that they refer to, so that no demand goes deep.
    pub(super) fn in_order(&mut self) {
        let order = self.evaluator.order().clone();
        let mut instances: Vec<Vec<ModuleId>> = vec![Vec::new(); order.places.len()];
        instances[0].push(0);
        for node in &order.nodes {
            if !self.evaluator.is_in(node) {
                continue;
            }
            self.evaluator.owner = Some(*node);
            match node {
                Node::Local(place, name) => {
                    for module in &instances[*place] {
                        let value = self.local_named(*module, name, Span::default());
                        self.tell(value);
                    }
                }
                Node::Variable(place, name) => {
                    for module in &instances[*place] {
                        let value = self.variable_named(*module, name, Span::default());
                        self.tell(value);
                    }
                }
                Node::Output(place, name) => {
                    for module in &instances[*place] {
                        let value = self.output(*module, name);
                        self.tell(value);
                    }
                }
                Node::Call(place, name) => {
                    let Some(child) = order.places[*place].children.get(name) else { continue };
                    let Some((_, call)) = order.places[*child].caller else { continue };
                    for module in instances[*place].clone() {
                        let children = self.children(module, call);
                        let children = self.tell(children).unwrap_or_default();
                        for child in &children {
                            let needs = self.module_needs(*child);
                            self.tell(needs);
                        }
                        instances[*child].extend(children);
                    }
                }
                Node::Resource(place, mode, type_name, name) => {
                    let name = (*mode, *type_name, *name);
                    for module in &instances[*place] {
                        let block = self.declared(*module, name, Span::default());
                        if let Some(block) = self.tell(block) {
                            self.objects(block);
                        }
                    }
                }
                Node::Provider(..) | Node::Check(..) | Node::Close(..) => {}
            }
        }
        self.evaluator.owner = None;
    }

    /// Asks for all instances of a block.
    fn objects(&mut self, block: BlockId<'a>) {
        let turns = self.block_turns(block);
        let Some(turns) = self.tell(turns) else { return };
        let address = self.block_address(block);
        for key in turns.keys() {
            if self.evaluator.is_planned(&address.with_key(key.clone())) {
                let object = self.object(block, key);
                self.tell(object);
            }
        }
    }

    /// Evaluates everything in all modules.
    pub(super) fn all(&mut self, desired: &mut Desired) {
        let mut waiting = vec![0];
        while let Some(module) = waiting.pop() {
            let of = self.evaluator.modules[module].module;
            desired.modules.insert(self.evaluator.modules[module].steps.clone());
            let place = self.evaluator.place(module);
            for name in of.locals.keys() {
                if self.owns(Node::Local(place, name)) {
                    let value = self.local_named(module, name, Span::default());
                    self.tell(value);
                }
            }
            for (name, variable) in &of.variables {
                if self.owns(Node::Variable(place, name)) {
                    let value = self.variable(module, variable);
                    self.tell(value);
                }
            }
            for (name, call) in &of.calls {
                if self.owns(Node::Call(place, name)) {
                    let children = self.children(module, call);
                    let children = self.tell(children).unwrap_or_default();
                    for child in &children {
                        let needs = self.module_needs(*child);
                        self.tell(needs);
                    }
                    waiting.extend(children);
                }
            }
            for resource in of.resources.values() {
                if self.owns(super::order::resource_node(place, resource)) {
                    self.block(BlockId { module, resource }, desired);
                }
            }
            for name in of.outputs.keys() {
                if self.owns(Node::Output(place, name)) {
                    let value = self.output(module, name);
                    self.tell(value);
                }
            }
            // What is left out may be all that a check asks of.
            if self.evaluator.inputs.unchecked {
                desired.checks.extend(self.unchecked(module));
            }
            // A check is asked with all that is in its module, and where all are.
            let unchecked = self.evaluator.inputs.unchecked;
            for (name, check) in of.checks.iter().filter(|_| !unchecked) {
                if !self.owns(Node::Check(place, name)) {
                    continue;
                }
                if let Some(data) = &check.data {
                    self.block(BlockId { module, resource: data }, desired);
                }
                desired.checks.push(self.assertions(module, check));
            }
            self.evaluator.owner = None;
        }
        let never = self.evaluator.limit.is_none().then(|| {
            super::outcomes::in_no_instance(&self.evaluator.config.root, &desired.modules)
        });
        let unchecked = self.evaluator.inputs.unchecked;
        desired.checks.extend(never.unwrap_or_default().into_iter().map(|check| match unchecked {
            true => CheckResult { status: CheckStatus::Unknown, ..check },
            false => check,
        }));
        desired.instances = std::mem::take(&mut desired.found).into_iter().collect();
        self.providers(desired);
        desired.outputs = self.root_outputs();
    }

    /// Takes what is told from here on as a name's, if that is evaluated at all.
    fn owns(&mut self, node: Node<'a>) -> bool {
        let is_in = self.evaluator.is_in(&node);
        self.evaluator.owner = is_in.then_some(node);
        is_in
    }

    /// Evaluates a block's instances, asks for each, and checks their conditions.
    fn block(&mut self, block: BlockId<'a>, desired: &mut Desired) {
        let turns = self.block_turns(block);
        let Some(turns) = self.tell(turns) else {
            let address = self.block_address(block).without_keys();
            self.evaluator.unexpanded.insert(address);
            return;
        };
        if let Ok(schema) = self.schema(block) {
            self.report(deprecations(&block.resource.body, &schema.fields));
            self.report(redundant(block.resource, &schema.fields));
        }
        let mut keys = turns.keys();
        let stands_for_all = matches!(*turns, Turns::Unknown(_));
        if stands_for_all {
            let address = self.block_address(block);
            self.evaluator.deferred.insert(address);
            keys.push(None);
        }
        if keys.is_empty() || stands_for_all {
            let unknown = if stands_for_all { CheckStatus::Unknown } else { CheckStatus::Pass };
            desired.checks.extend(self.without_instances(block, unknown));
        }
        let address = self.block_address(block);
        let (planned, others): (Vec<_>, Vec<_>) = keys
            .into_iter()
            .partition(|key| self.evaluator.is_planned(&address.with_key(key.clone())));
        let keys = planned;
        let left_out = others.into_iter().filter_map(|key| {
            let mut check = self.without_instances(block, CheckStatus::Unknown)?;
            check.address = address.with_key(key).to_string();
            Some(check)
        });
        desired.checks.extend(left_out.collect::<Vec<_>>());
        for key in keys {
            let instance = self.instance(block, key.clone());
            let Some(instance) = self.tell(instance) else {
                desired.unmade.insert(address.with_key(key.clone()));
                let before = self.not_held(block, key.as_ref());
                desired.checks.extend(before.filter(|_| !stands_for_all));
                continue;
            };
            let before = self.preconditions(block, key.as_ref());
            let lenient = self.evaluator.inputs.lenient;
            let failed = !lenient && before.as_ref().is_some_and(CheckResult::stops);
            if failed {
                desired.unmade.insert(address.with_key(key.clone()));
            }
            desired.checks.extend(before.filter(|_| !stands_for_all));
            if !stands_for_all {
                desired.found.push((address.with_key(key.clone()), instance.clone()));
            }
            if failed {
                continue;
            }
            let object = self.object(block, key.clone());
            if let Some(object) = self.tell(object) {
                let after = self.postconditions_of(block, key.as_ref(), &object);
                desired.checks.extend(after.filter(|_| !stands_for_all));
            }
        }
    }

    /// Evaluates the provider blocks that instances use, and those of the root that some block uses.
    fn providers(&mut self, desired: &mut Desired) {
        let used: BTreeSet<Arc<ProviderRef>> =
            desired.instances.values().map(|instance| instance.provider.clone()).collect();
        let root = &self.evaluator.config.root;
        let (known, all) = (self.used_providers(), self.evaluator.limit.is_none());
        let is_used = |(name, alias): &&(String, Option<String>)| {
            all && known.contains(&(Vec::new(), name.clone(), alias.clone()))
        };
        let written = root.providers.keys().filter(is_used);
        let written = written.map(|(name, alias)| {
            let source = root.provider_source(name);
            ProviderRef {
                module: Vec::new(),
                name: source.rsplit('/').next().unwrap_or_default().to_string(),
                source,
                alias: alias.clone(),
            }
        });
        for provider in used.into_iter().chain(written.map(Arc::new).collect::<Vec<_>>()) {
            // That an alias has no block is told of what uses it.
            if provider.alias.is_some() && self.provider_block(&provider).is_none() {
                continue;
            }
            let config = self.provider_config(&provider);
            if let Some(config) = self.tell(config) {
                desired.providers.insert(provider, (*config).clone());
            }
        }
    }

    pub(super) fn root_outputs(&mut self) -> BTreeMap<String, OutputValue> {
        let mut outputs = BTreeMap::new();
        for (name, output) in &self.evaluator.config.root.outputs {
            if !self.evaluator.is_in(&Node::Output(0, name)) {
                continue;
            }
            let (value, trace) = self.traced(|pass| pass.output(0, name));
            let Some(value) = self.tell(value) else { continue };
            outputs.insert(
                name.clone(),
                OutputValue {
                    value,
                    sensitive: output.sensitive,
                    ephemeral: output.ephemeral,
                    needs: trace.needs,
                    span: output.span,
                },
            );
        }
        outputs
    }
}
