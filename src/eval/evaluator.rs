//! The evaluator's face: passes over a configuration, and what is remembered between them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use super::expand::Turns;
use super::import::Imported;
use super::module::{DependsOn, ModuleInstance};
use super::order::{Node, Order, order};
use super::scope::{
    BlockId, Eval, Item, Memory, ModuleId, Needs, Remembered, Scope, Set, Stop, Table, Trace,
};
use super::written::{deprecations, redundant};
use super::{
    CheckResult, CheckStatus, Desired, Inputs, Instance, Oracle, OutputValue, ProviderConfig,
    ProviderRef, Schemas,
};
use crate::addr::{Address, Key};
use crate::config::{Config, Module};
use crate::diag::{Diagnostic, Sources, Span};
use crate::functions::Environment;
use crate::schema::Schema;
use crate::syntax::tree::Expr;
use crate::value::Value;

/// Evaluates a configuration, pass after pass, and remembers what is known.
pub struct Evaluator<'a> {
    pub(super) config: &'a Config,
    pub(super) sources: &'a Sources,
    pub(super) inputs: &'a Inputs,
    pub(super) schemas: &'a dyn Schemas,
    pub(super) environment: Environment,
    /// Whether an expression of the console is evaluated.
    pub(super) console: bool,
    /// How many things around swallow problems, so that nobody asks for the values behind them.
    pub(super) quiet: usize,
    pub(super) modules: Vec<ModuleInstance<'a>>,
    pub(super) children: Table<(ModuleId, &'a str, Option<Key>), ModuleId>,
    /// The address of each resource block in a module's instance, once it is asked for.
    pub(super) addresses: Table<BlockId<'a>, Address>,
    /// The provider block and schema of each resource block in a module's instance.
    pub(super) types: Table<BlockId<'a>, (Arc<ProviderRef>, Option<Arc<Schema>>)>,
    values: Memory<'a, Value>,
    turns: Memory<'a, Rc<Turns>>,
    instances: Memory<'a, Rc<Instance>>,
    providers: Memory<'a, Rc<ProviderConfig>>,
    depends: Memory<'a, DependsOn>,
    /// The number of the pass: what is not whole holds for one pass only.
    pub(super) pass: u64,
    /// The number of the round: what the world had a part in holds for one round only.
    pub(super) round: u64,
    pub(super) traces: Vec<Trace>,
    pub(super) running: Vec<Item<'a>>,
    pub(super) running_set: Set<Item<'a>>,
    pub(super) problems: Vec<Diagnostic>,
    /// The same, to tell each once a pass.
    pub(super) told: Set<Diagnostic>,
    /// The name that each problem belongs to.
    pub(super) owners: Vec<Option<Node<'a>>>,
    /// The name that is evaluated.
    pub(super) owner: Option<Node<'a>>,
    /// The names that the last evaluation found something wrong with.
    pub(super) wrong: HashSet<Node<'a>>,
    /// The blocks, without keys, of which the last evaluation could not say which instances there are.
    pub(super) unexpanded: BTreeSet<Address>,
    /// What the validations of variables and the preconditions of outputs gave, by address; those of kept ones stay.
    pub(super) validations: BTreeMap<String, CheckResult>,
    pub(super) deferred: BTreeSet<Address>,
    pub(super) pending: bool,
    pub(super) single: Rc<Turns>,
    pub(super) nothing: Rc<Needs>,
    pub(super) order: Rc<Order<'a>>,
    /// What is evaluated, where that is not all.
    pub(super) limit: Option<HashSet<Node<'a>>>,
    /// What it is limited to.
    pub(super) targets: Vec<crate::addr::Target>,
}

/// What one pass gives.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// The desired world.
    pub desired: Desired,
    /// What is wrong.
    pub problems: Vec<Diagnostic>,
    /// Whether an answer was pending: then all the rest is provisional.
    pub pending: bool,
}

/// One pass: the evaluator and who answers.
pub(super) struct Pass<'p, 'a> {
    pub evaluator: &'p mut Evaluator<'a>,
    pub oracle: &'p mut dyn Oracle,
}

impl Remembered for Value {
    fn memory<'e, 'a>(evaluator: &'e mut Evaluator<'a>) -> &'e mut Memory<'a, Value> {
        &mut evaluator.values
    }

    fn is_whole(&self) -> bool {
        Value::is_whole(self)
    }
}

impl Remembered for Rc<Turns> {
    fn memory<'e, 'a>(evaluator: &'e mut Evaluator<'a>) -> &'e mut Memory<'a, Self> {
        &mut evaluator.turns
    }

    fn is_whole(&self) -> bool {
        match &**self {
            Turns::Single | Turns::Count(_) => true,
            Turns::Each(values) => values.values().all(Value::is_whole),
            Turns::Unknown(_) => false,
        }
    }
}

impl Remembered for Rc<Instance> {
    fn memory<'e, 'a>(evaluator: &'e mut Evaluator<'a>) -> &'e mut Memory<'a, Self> {
        &mut evaluator.instances
    }

    fn is_whole(&self) -> bool {
        self.config.is_whole()
    }
}

impl Remembered for Rc<ProviderConfig> {
    fn memory<'e, 'a>(evaluator: &'e mut Evaluator<'a>) -> &'e mut Memory<'a, Self> {
        &mut evaluator.providers
    }

    fn is_whole(&self) -> bool {
        self.value.is_whole()
    }
}

impl Remembered for DependsOn {
    fn memory<'e, 'a>(evaluator: &'e mut Evaluator<'a>) -> &'e mut Memory<'a, Self> {
        &mut evaluator.depends
    }

    fn is_whole(&self) -> bool {
        true
    }
}

impl<'a> Evaluator<'a> {
    /// Makes an evaluator that remembers nothing yet.
    pub fn new(
        config: &'a Config,
        sources: &'a Sources,
        inputs: &'a Inputs,
        schemas: &'a dyn Schemas,
    ) -> Evaluator<'a> {
        let root =
            ModuleInstance { steps: Vec::new(), module: &config.root, caller: None, key: None };
        let environment = Environment {
            home: inputs.home.clone(),
            now: inputs.plan_time,
            applying: inputs.applying,
            ..Environment::new(&inputs.root)
        };
        Evaluator {
            config,
            sources,
            inputs,
            schemas,
            environment,
            console: false,
            quiet: 0,
            modules: vec![root],
            children: Table::default(),
            addresses: Table::default(),
            types: Table::default(),
            values: Table::default(),
            turns: Table::default(),
            instances: Table::default(),
            providers: Table::default(),
            depends: Table::default(),
            pass: 0,
            round: 0,
            traces: Vec::new(),
            running: Vec::new(),
            running_set: Set::default(),
            problems: Vec::new(),
            told: Set::default(),
            owners: Vec::new(),
            owner: None,
            wrong: HashSet::new(),
            unexpanded: BTreeSet::new(),
            validations: BTreeMap::new(),
            deferred: BTreeSet::new(),
            pending: false,
            single: Rc::new(Turns::Single),
            nothing: Rc::new(Needs::new()),
            order: Rc::new(order(config, sources, schemas)),
            limit: None,
            targets: Vec::new(),
        }
    }

    /// Evaluates the whole configuration once, and asks the oracle for each instance.
    ///
    /// Where any answer was pending the evaluation says so, and is provisional. Each round asks for each
    /// instance, whatever was answered before.
    pub fn evaluate(&mut self, oracle: &mut dyn Oracle) -> Evaluation {
        self.begin();
        self.round += 1;
        self.deferred.clear();
        self.unexpanded.clear();
        if let Some(mut problems) = wrong_call(&self.config.root) {
            for problem in &mut problems {
                let context = problem.span().and_then(|span| self.config.context(span));
                problem.context = context.map(String::from);
            }
            return Evaluation { problems, ..Evaluation::default() };
        }
        if !self.order.cycles.is_empty() {
            return Evaluation { problems: self.order.cycles.clone(), ..Evaluation::default() };
        }
        let mut pass = Pass { evaluator: self, oracle };
        let mut desired = Desired::default();
        pass.strange_inputs();
        pass.in_order();
        pass.all(&mut desired);
        desired.deferred = std::mem::take(&mut self.deferred);
        desired.checks.extend(self.validations.values().cloned());
        if self.limit.is_some() {
            super::outcomes::left_out(&self.config.root, &mut desired.checks);
        }
        desired.checks = super::outcomes::merged(std::mem::take(&mut desired.checks));
        let problems = self.causes();
        Evaluation { desired, problems, pending: self.pending }
    }

    /// Tells of values that were given to no variable, of root variables without a value and of values that are no
    /// expressions: with an error among these nothing is evaluated.
    pub fn inputs_as_given(&mut self, oracle: &mut dyn Oracle) -> Vec<Diagnostic> {
        self.begin();
        let mut pass = Pass { evaluator: self, oracle };
        pass.strange_inputs();
        pass.ungiven_inputs();
        std::mem::take(&mut self.problems)
    }

    /// Evaluates one instance's block again, without asking the oracle for itself.
    ///
    /// # Errors
    /// What is wrong with the block, or that there is no such instance.
    pub fn instance(
        &mut self,
        address: &Address,
        oracle: &mut dyn Oracle,
    ) -> Result<Instance, Vec<Diagnostic>> {
        let made = self.once(oracle, |pass| {
            let block = pass.find_block(address)?;
            pass.instance(block, address.key.clone())
        })?;
        Ok((*made).clone())
    }

    /// Evaluates one provider block.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn provider(
        &mut self,
        provider: &ProviderRef,
        oracle: &mut dyn Oracle,
    ) -> Result<ProviderConfig, Vec<Diagnostic>> {
        let made = self.once(oracle, |pass| pass.provider_config(&Arc::new(provider.clone())))?;
        Ok((*made).clone())
    }

    /// Says which provider block an instance's block uses.
    ///
    /// # Errors
    /// There is no such block, or its type is not known.
    pub fn provider_of(
        &mut self,
        address: &Address,
        oracle: &mut dyn Oracle,
    ) -> Result<Arc<ProviderRef>, Vec<Diagnostic>> {
        self.once(oracle, |pass| {
            let block = pass.find_block(address)?;
            pass.schema(block)?;
            Ok(pass.provider_of(block))
        })
    }

    /// Evaluates the root module's outputs.
    pub fn outputs(
        &mut self,
        oracle: &mut dyn Oracle,
    ) -> (BTreeMap<String, OutputValue>, Vec<Diagnostic>) {
        self.begin();
        let outputs = Pass { evaluator: self, oracle }.root_outputs();
        (outputs, std::mem::take(&mut self.problems))
    }

    /// Gives the root variables as they were given, and the defaults of the others; ephemeral ones are not told.
    pub fn root_variables(&mut self, oracle: &mut dyn Oracle) -> BTreeMap<String, Value> {
        self.begin();
        let given = Pass { evaluator: self, oracle }.given_variables();
        self.problems.clear();
        given
    }

    /// Evaluates the root module's `import` blocks.
    pub fn imports(&mut self, oracle: &mut dyn Oracle) -> (Vec<Imported>, Vec<Diagnostic>) {
        self.begin();
        let found = Pass { evaluator: self, oracle }.imports();
        (found, std::mem::take(&mut self.problems))
    }

    /// Evaluates an expression in the root module, as the console does.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn expression(
        &mut self,
        expr: &Expr,
        oracle: &mut dyn Oracle,
    ) -> Result<Value, Vec<Diagnostic>> {
        self.console = true;
        let value = self.once(oracle, |pass| pass.expr(expr, &mut Scope::module(0)));
        self.console = false;
        value
    }

    /// Evaluates an expression that may refer to nothing and call nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn fixed(
        &mut self,
        expr: &Expr,
        oracle: &mut dyn Oracle,
    ) -> Result<Value, Vec<Diagnostic>> {
        let mut scope = Scope { bare: true, ..Scope::module(0) };
        self.once(oracle, |pass| pass.expr(expr, &mut scope))
    }

    /// Evaluates an instance's preconditions again, when what they refer to is known.
    pub fn preconditions(
        &mut self,
        address: &Address,
        oracle: &mut dyn Oracle,
    ) -> (Vec<CheckResult>, Vec<Diagnostic>) {
        self.conditions(oracle, |pass| {
            let block = pass.find_block(address)?;
            Ok(pass.preconditions(block, address.key.as_ref()))
        })
    }

    /// Evaluates an instance's postconditions with its final value as `self`.
    pub fn postconditions(
        &mut self,
        address: &Address,
        value: &Value,
        oracle: &mut dyn Oracle,
    ) -> (Vec<CheckResult>, Vec<Diagnostic>) {
        self.conditions(oracle, |pass| {
            let block = pass.find_block(address)?;
            Ok(pass.postconditions_of(block, address.key.as_ref(), value))
        })
    }

    fn conditions(
        &mut self,
        oracle: &mut dyn Oracle,
        make: impl FnOnce(&mut Pass<'_, 'a>) -> Eval<Option<CheckResult>>,
    ) -> (Vec<CheckResult>, Vec<Diagnostic>) {
        self.begin();
        let mut pass = Pass { evaluator: self, oracle };
        let made = make(&mut pass);
        let result = pass.tell(made).flatten();
        (result.into_iter().collect(), std::mem::take(&mut self.problems))
    }

    fn begin(&mut self) {
        self.pass += 1;
        self.problems.clear();
        self.told.clear();
        self.owners.clear();
        self.owner = None;
        self.pending = false;
        self.traces.clear();
        self.running.clear();
        self.running_set.clear();
    }

    pub(super) fn once<T>(
        &mut self,
        oracle: &mut dyn Oracle,
        make: impl FnOnce(&mut Pass<'_, 'a>) -> Eval<T>,
    ) -> Result<T, Vec<Diagnostic>> {
        self.begin();
        let mut pass = Pass { evaluator: self, oracle };
        let made = make(&mut pass);
        let made = pass.tell(made);
        made.ok_or_else(|| std::mem::take(&mut self.problems))
    }

    /// Writes a place as `file:line,column-column`.
    pub(super) fn range(&self, span: Span) -> String {
        super::template::range(span, self.sources)
    }
}

impl<'a> Pass<'_, 'a> {
    /// Evaluates names after those that they refer to, so that no demand goes deep.
    fn in_order(&mut self) {
        let order = self.evaluator.order.clone();
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
    fn all(&mut self, desired: &mut Desired) {
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
            let unchecked = self.evaluator.limit.is_some() || self.evaluator.inputs.unchecked;
            for (name, check) in of.checks.iter().filter(|_| !unchecked) {
                self.evaluator.owner = Some(Node::Check(place, name));
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
            let failed = before
                .as_ref()
                .is_some_and(|result| !lenient && result.status == CheckStatus::Fail);
            if !lenient && before.as_ref().is_some_and(CheckResult::stops) {
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

    fn root_outputs(&mut self) -> BTreeMap<String, OutputValue> {
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

    /// Finds the block of an address, through the modules' instances.
    pub(super) fn find_block(&mut self, address: &Address) -> Eval<BlockId<'a>> {
        let mut at = 0;
        for step in &address.module {
            let Some(call) = self.evaluator.modules[at].module.calls.get(&step.name) else {
                return Err(absent(address));
            };
            at = self.child(at, call, step.key.clone());
        }
        self.declared(at, crate::config::block_name(address), Span::default())
            .map_err(|_| absent(address))
    }

    /// Makes the stop for something that needs itself.
    pub(super) fn cycle(&mut self, item: &Item<'a>) -> Stop {
        let start = self.evaluator.running.iter().position(|running| running == item).unwrap_or(0);
        let members: Vec<Item<'a>> = self.evaluator.running[start..].to_vec();
        let mut names: Vec<String> =
            members.iter().filter_map(|member| self.label(member)).collect();
        names.sort();
        names.dedup();
        Stop::fatal(Diagnostic::error(format!("Cycle: {}", names.join(", ")), ""))
    }

    /// Names an item as messages about cycles do.
    fn label(&self, item: &Item<'a>) -> Option<String> {
        let within = |module: &ModuleId, name: String| {
            let path = &self.evaluator.modules[*module].module.path;
            let steps: Vec<String> = path.iter().map(|name| format!("module.{name}.")).collect();
            format!("{}{name}", steps.concat())
        };
        match item {
            Item::Local(module, name) => Some(within(module, format!("local.{name} (expand)"))),
            Item::Variable(module, name) => Some(within(module, format!("var.{name} (expand)"))),
            Item::Output(module, name) => Some(within(module, format!("output.{name} (expand)"))),
            Item::Call(module, name) => Some(within(module, format!("module.{name} (expand)"))),
            Item::Module(..) => None,
            Item::Turns(block)
            | Item::Block(block)
            | Item::Instance(block, _)
            | Item::Object(block, _) => {
                let resource = block.resource;
                let name = super::reference::block_text(
                    resource.mode,
                    &resource.type_name.text,
                    &resource.name.text,
                );
                Some(within(&block.module, name))
            }
            Item::Provider(provider) => Some(format!("provider[\"{}\"]", provider.source)),
        }
    }
}

/// Gives what is wrong with the arguments of the first call that does not fit its module, the deepest first.
fn wrong_call(module: &Module) -> Option<Vec<Diagnostic>> {
    module.calls.values().find_map(|call| {
        let own = || (!call.problems.is_empty()).then(|| call.problems.clone());
        wrong_call(&call.module).or_else(own)
    })
}

fn absent(address: &Address) -> Stop {
    let detail = format!("There is no block for {address} in the configuration.");
    Stop::fatal(Diagnostic::error("No such instance", detail))
}
