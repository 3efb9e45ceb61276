//! The evaluator's face: passes over a configuration, and what is remembered between them.

use std::cell::OnceCell;
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
use super::{
    CheckResult, Desired, Inputs, Instance, Oracle, OutputValue, ProviderConfig, ProviderRef,
    Schemas,
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
    pub(super) values: Memory<'a, Value>,
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
    /// The order of what there is, once it is asked for.
    ordered: OnceCell<Rc<Order<'a>>>,
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
            ordered: OnceCell::new(),
            limit: None,
            targets: Vec::new(),
        }
    }

    /// Gives the order of what there is.
    pub(super) fn order(&self) -> &Rc<Order<'a>> {
        self.ordered.get_or_init(|| Rc::new(order(self.config, self.sources, self.schemas)))
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
        if !self.order().cycles.is_empty() {
            return Evaluation { problems: self.order().cycles.clone(), ..Evaluation::default() };
        }
        let mut pass = Pass { evaluator: self, oracle };
        let mut desired = Desired::default();
        pass.strange_inputs();
        pass.in_order();
        pass.all(&mut desired);
        desired.deferred = std::mem::take(&mut self.deferred);
        desired.checks.extend(self.validations.values().cloned());
        if self.limit.is_some() || self.inputs.unchecked {
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
