//! Makes a plan: rounds of evaluation with reads between them, then the changes and their order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::beside::Beside;
use super::event::PlanEvent;
use super::going::{self, Going};
use super::implied::{add_implied, with_required};
use super::known::Known;
use super::moves::apply_moves;
use super::moves_check::{check_moves, left_out};
use super::objects;
use super::observe::read;
use super::order::{Needs, order, spread_create_first};
use super::planner::{Options, Planner};
use super::sessions::RegistrySchemas;
use super::{Base, Change, OutputChange, Plan, PlanMode, Reason, Verb};
use crate::addr::{Address, Mode, Step};
use crate::config::{Config, Module};
use crate::diag::{Diagnostic, Sources, dedup, has_errors};
use crate::eval::{
    CheckResult, CheckStatus, Desired, Evaluation, Evaluator, Inputs, ProviderConfig, ProviderRef,
    is_reached,
};
use crate::providers::opened::{Opened, close};
use crate::providers::{Registry, World};
use crate::schema::Schema;
use crate::state::{Object, Snapshot};
use crate::value::{Kind, Path, Value};

/// How many rounds a configuration may take: each needs at least one read that the last did not know of.
const ROUNDS: usize = 64;

/// What a plan is made of.
pub struct Given<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Its texts.
    pub sources: &'a Sources,
    /// Variables and the like.
    pub inputs: &'a Inputs,
    /// The providers.
    pub registry: &'a Registry,
    /// The state as loaded.
    pub prior: &'a Snapshot,
    /// The machine and the network.
    pub world: World,
    /// What is asked.
    pub options: &'a Options,
    /// Who is told what happens, as it happens.
    pub tell: &'a dyn Fn(PlanEvent),
}

/// Makes a plan, with the problems met. A plan with errors among them is what was worked out so far, and must
/// not be applied.
pub async fn make(given: &Given<'_>) -> (Plan, Vec<Diagnostic>) {
    let mut opened = Vec::new();
    let mut options = given.options.clone();
    let mut brought = Vec::new();
    let mut known = Known::default();
    loop {
        options.targets =
            with_required(&Given { options: &options, world: given.world.clone(), ..*given });
        let given = &Given { options: &options, world: given.world.clone(), ..*given };
        let mut going = Going::new();
        let (mut plan, mut problems) = work_out(given, &mut opened, &mut going, &mut known).await;
        problems.extend(close(&mut opened).await);
        // What lives in something that goes is targeted with it.
        if options.exclude.is_empty() && !going.is_empty() {
            let (targets, told) = going::brought(&going);
            options.targets.extend(targets);
            brought.extend(told);
            continue;
        }
        problems.extend(going::excluded(&going));
        plan.warnings.extend(brought.iter().cloned());
        problems.extend(brought);
        return (plan, problems);
    }
}

/// Makes a plan; leaves open what it has opened, and tells what goes down and is left out.
async fn work_out(
    given: &Given<'_>,
    opened: &mut Vec<Opened>,
    going: &mut Going,
    known: &mut Known,
) -> (Plan, Vec<Diagnostic>) {
    let mut prior = given.prior.clone();
    let moves = apply_moves(given.config, &mut prior);
    let schemas = RegistrySchemas(given.registry);
    let as_given = Evaluator::new(given.config, given.sources, given.inputs, &schemas)
        .inputs_as_given(&mut super::planner::Unread);
    if has_errors(&as_given) {
        return (Plan::default(), as_given);
    }
    let mut problems = super::targets::remarks(given.options);
    if let Some(problem) = left_out(&moves.moved, &given.options.targets) {
        problems.push(problem);
        return (Plan::default(), problems);
    }
    let unchecked = given.options.mode == PlanMode::Destroy;
    let lenient = given.options.mode == PlanMode::RefreshOnly;
    let inputs = Inputs { unchecked, lenient, ..given.inputs.clone() };
    let whole = || Evaluator::new(given.config, given.sources, &inputs, &schemas);
    let limited = || {
        let mut evaluator = whole();
        evaluator.limit(&given.options.targets, &given.options.exclude);
        evaluator
    };
    let fresh = || if unchecked { whole() } else { limited() };
    let mut planner = Planner::new(given, prior);
    planner.begin_with(std::mem::take(known));
    // What there is nothing of is not looked at to destroy it.
    let looked_at = given.options.refresh && !given.prior.objects.is_empty();
    if unchecked && looked_at {
        planner.look(&limited).await;
    }
    let mut evaluator = fresh();
    planner.of_providers = evaluator.reach_of_providers();
    // A run that only refreshes takes nothing in.
    if given.options.mode == PlanMode::Normal {
        problems.extend(imports(&mut planner, &mut evaluator));
    }
    let mut evaluation = loop {
        let evaluation = rounds(&mut planner, &mut evaluator).await;
        let triggered = planner.trigger(&triggers(&evaluation.desired));
        if !planner.sink(&evaluation.desired) && !triggered {
            break evaluation;
        }
        // What is known whole is not asked for again: with new reasons to replace, everything is.
        evaluator = fresh();
    };
    opened.append(&mut planner.opened);
    // What is wrong with the moves and the removals is likely the cause of all else.
    let removes = if unchecked { looked_at } else { !lenient };
    let mut wrong = match removes {
        true => super::removals::still_declared(&given.config.root),
        false => Vec::new(),
    };
    if wrong.is_empty() && !(unchecked && given.prior.objects.is_empty()) {
        wrong = check_moves(&moves, given.config, &evaluation.desired, given.sources);
    }
    if has_errors(&wrong) {
        problems.retain(|problem| !problem.is_error());
        problems.extend(wrong);
        return (Plan::default(), problems);
    }
    problems.extend(moves.warnings.iter().cloned());
    if !unchecked || looked_at {
        problems.extend(told(given, &evaluation, &planner));
    } else {
        problems.extend(as_given);
    }
    if unchecked {
        let limited = !given.options.targets.is_empty();
        let left = |check: &&mut CheckResult| {
            check.kind == "var" || (limited && check.kind == "output_value")
        };
        for check in evaluation.desired.checks.iter_mut().filter(left) {
            *check = CheckResult {
                address: String::new(),
                status: CheckStatus::Unknown,
                failures: Vec::new(),
                ..check.clone()
            };
        }
    }
    if unchecked && looked_at {
        let valid = (!has_errors(&problems)).then_some(given.config);
        problems.extend(looked_at_imports(
            &mut planner,
            &mut evaluator,
            &evaluation.desired,
            valid,
        ));
        if has_errors(&problems) {
            let invalid = invalid(given);
            return (Plan::default(), if has_errors(&invalid) { invalid } else { problems });
        }
    }
    let valid = (!has_errors(&problems)).then_some(given.config);
    problems.extend(planner.strange_imports(&evaluation.desired, valid));
    if given.options.require_live {
        problems.extend(super::live::unchecked(&planner, &evaluation.desired));
    }
    // What is made from what could not be read was not looked at.
    let unread = !planner.failed.is_empty();
    let partly = unchecked || lenient || unread || not_whole(given, &evaluation.desired);
    if partly || has_errors(&problems) {
        let invalid = invalid(given);
        if has_errors(&invalid) {
            return (Plan::default(), invalid);
        }
    }
    let mut maker = Maker { given, planner, desired: evaluation.desired, problems };
    maker.read_orphans(&mut evaluator).await;
    super::observe::close(&maker.planner);
    // Where it was looked at what is to be destroyed, it was moved then.
    let moved = if unchecked && looked_at { BTreeMap::new() } else { moves.moved };
    let mut plan = maker.finish(moved, &evaluator);
    let shared = super::alone::shared(&plan, &maker.planner.sessions);
    plan.warnings.extend(shared.iter().cloned());
    maker.problems.extend(shared);
    if given.options.looks && given.options.refresh {
        plan.past = maker.past(&plan, &mut evaluator).await;
    }
    *going = maker.going(&plan);
    if !going.is_empty() {
        *known = maker.planner.known(&plan);
    }
    plan.met = maker.planner.sessions.met();
    plan.variables = evaluator.root_variables(&mut super::planner::Unread);
    dedup(&mut maker.problems);
    (plan, maker.problems)
}

/// Gives what is wrong with the configuration whatever the state and the variables are: if that is anything, it
/// is told instead of what follows from it.
fn invalid(given: &Given<'_>) -> Vec<Diagnostic> {
    let schemas = RegistrySchemas(given.registry);
    let inputs = Inputs { validating: true, ..given.inputs.clone() };
    let mut evaluator = Evaluator::new(given.config, given.sources, &inputs, &schemas);
    let mut oracle = super::validate::Validating::new(given.registry);
    let mut found = evaluator.evaluate(&mut oracle).problems;
    found.extend(evaluator.imports(&mut super::planner::Unread).1);
    dedup(&mut found);
    found
}

/// Says whether parts of the configuration were not evaluated: what is left out by `-target`, and blocks of which
/// there is no instance.
fn not_whole(given: &Given<'_>, desired: &Desired) -> bool {
    fn all_have_instances(module: &Module, seen: &BTreeSet<Address>) -> bool {
        let own =
            module.resources.values().filter(|of| of.count.is_some() || of.for_each.is_some());
        let mut own = own.map(|of| {
            let path = module.path.iter().map(|name| Step { name: name.clone(), key: None });
            let block = Address::root(of.mode, &of.type_name.text, &of.name.text);
            block.in_module(path.collect())
        });
        let mut calls = module.calls.values();
        own.all(|block| seen.contains(&block))
            && calls.all(|call| all_have_instances(&call.module, seen))
    }
    if !given.options.targets.is_empty() {
        return true;
    }
    let seen = desired.instances.keys().chain(&desired.deferred);
    let seen: BTreeSet<Address> = seen.map(Address::without_keys).collect();
    !all_have_instances(&given.config.root, &seen)
}

/// Gives what the last round said.
fn told(given: &Given<'_>, evaluation: &Evaluation, planner: &Planner<'_>) -> Vec<Diagnostic> {
    let wanted = &evaluation.desired.instances;
    let of_wanted = planner.problems.iter().filter(|(address, _)| wanted.contains_key(address));
    let mut problems: Vec<Diagnostic> =
        of_wanted.flat_map(|(_, problems)| problems).cloned().collect();
    problems.extend(evaluation.problems.iter().cloned());
    problems.extend(super::targets::incomplete_replacements(
        given.options,
        &evaluation.desired,
        given.config,
    ));
    dedup(&mut problems);
    problems
}

/// Notes what `import` blocks of the root ask for and the state does not have.
fn imports(planner: &mut Planner<'_>, evaluator: &mut Evaluator<'_>) -> Vec<Diagnostic> {
    let (found, problems) = evaluator.imports(&mut super::standing::Standing(planner));
    planner.imports.extend(found.into_iter().map(|import| (import.to, import.id)));
    planner.imports.extend(planner.options.imports.iter().cloned());
    problems
}

/// Gives what is wrong with imports where all is destroyed: they are looked at with all else, and nothing is taken in.
fn looked_at_imports(
    planner: &mut Planner<'_>,
    evaluator: &mut Evaluator<'_>,
    desired: &Desired,
    valid: Option<&Config>,
) -> Vec<Diagnostic> {
    let mut problems = imports(planner, evaluator);
    problems.extend(planner.strange_imports(desired, valid));
    planner.imports.clear();
    problems
}

/// Evaluates and reads until nothing more is wanted.
pub(super) async fn rounds(planner: &mut Planner<'_>, evaluator: &mut Evaluator<'_>) -> Evaluation {
    let mut round = 0;
    loop {
        planner.begin_round();
        let evaluation = evaluator.evaluate(planner);
        planner.asked_before = true;
        round += 1;
        if planner.wants_more() && round < ROUNDS {
            read(planner).await;
            continue;
        }
        return evaluation;
    }
}

pub(super) fn triggers(desired: &Desired) -> Vec<(Address, Address, crate::value::Path)> {
    let all = desired.instances.iter().flat_map(|(address, instance)| {
        let triggers = instance.lifecycle.replace_triggered_by.iter();
        triggers.map(|(need, path)| (address.clone(), need.clone(), path.clone()))
    });
    all.collect()
}

/// Makes the plan from what the rounds gave.
pub(super) struct Maker<'g, 'a> {
    pub(super) given: &'g Given<'a>,
    pub(super) planner: Planner<'g>,
    pub(super) desired: Desired,
    pub(super) problems: Vec<Diagnostic>,
}

impl Maker<'_, '_> {
    pub(super) fn provider_config(
        &mut self,
        reference: &ProviderRef,
        evaluator: &mut Evaluator<'_>,
    ) -> Result<ProviderConfig, ()> {
        if let Some(config) = self.desired.providers.get(reference) {
            return Ok(config.clone());
        }
        match evaluator.provider(reference, &mut self.planner) {
            Ok(config) => {
                self.desired.providers.insert(Arc::new(reference.clone()), config.clone());
                Ok(config)
            }
            Err(problems) => {
                self.problems.extend(problems);
                Err(())
            }
        }
    }

    pub(super) fn schema(&self, address: &Address, reference: &ProviderRef) -> Option<Arc<Schema>> {
        self.planner.sessions.provider(reference)?.resource(address.mode, &address.type_name)
    }

    fn finish(&mut self, moves: BTreeMap<Address, Address>, evaluator: &Evaluator<'_>) -> Plan {
        let first = evaluator.made_first(&evaluator.evaluated_saying_first());
        // What is applied takes it from all blocks, those left out by `-target` too.
        let saying = evaluator.saying_first();
        let needed_first = evaluator.reach_instances(&saying);
        let mut plan = Plan {
            base: Base {
                lineage: self.given.prior.lineage.clone(),
                serial: self.given.prior.serial,
                mode: self.given.options.mode,
                made: self.given.inputs.plan_time,
                text: None,
            },
            moves,
            checks: self.desired.checks.clone(),
            targets: self.given.options.targets.clone(),
            excluded: self.given.options.exclude.clone(),
            ..Plan::default()
        };
        self.wanted_changes(&mut plan);
        self.removals(&mut plan);
        self.limit(&mut plan, evaluator);
        let failed = self.without_failed(&mut plan, evaluator);
        // Who only looks removes nothing.
        if !self.given.options.looks {
            self.protected(&mut plan, evaluator);
        }
        self.problems.extend(super::removals::let_go(&plan));
        self.drift(&mut plan);
        self.renew(&plan, evaluator);
        self.imported(&plan);
        self.outputs(&mut plan);
        plan.outputs.retain(|name, change| change.after.is_none() || !failed.contains(name));
        // It takes a tenth of a plan's time, and is told with what has drifted and in a saved plan only.
        if self.given.options.saved || !plan.drift.is_empty() {
            plan.relevant = relevant(&plan, &self.desired, evaluator);
        }
        let (mut needs, mut prior) = (self.needs(), self.prior_needs());
        add_implied(&plan.changes, self.given.registry, &mut needs, &mut prior);
        for ((address, _), change) in &mut plan.changes {
            let block = address.without_keys();
            if change.config.is_none() || address.mode != Mode::Managed {
                continue;
            }
            // What is left as it is has what was worked out for its block.
            change.create_before_destroy = match change.verb.is_keep() {
                true => first.contains(&block),
                false => saying.contains(&block) || is_reached(&needed_first, address),
            };
            if !first.contains(&block) {
                continue;
            }
            if let Verb::Replace { create_first, .. } = &mut change.verb {
                *create_first = true;
            }
        }
        spread_create_first(&mut plan.changes, &needs);
        self.remove_first(&mut plan, &prior);
        for ((address, deposed), change) in &plan.changes {
            let kept = change.verb.is_keep() && change.config.is_some() && deposed.is_none();
            let tracked = self.planner.prior.objects.get_mut(address).filter(|_| kept);
            if let Some(object) = tracked.and_then(|tracked| tracked.current.as_mut()) {
                object.create_before_destroy = change.create_before_destroy;
            }
        }
        self.sink(&mut plan, &prior);
        let applied = self.applied(&plan, evaluator);
        plan.order = order(&applied, &needs, &prior, &plan.sinking);
        plan.open = super::open::wait(&applied, &needs, &mut plan.order);
        if let Err(cycle) = plan.order.sorted() {
            let names: BTreeSet<String> =
                cycle.iter().map(|action| action.address.to_string()).collect();
            let names: Vec<String> = names.into_iter().collect();
            self.problems.push(Diagnostic::error("Cycle", format!("Cycle: {}", names.join(", "))));
        }
        plan.prior = std::mem::take(&mut self.planner.prior);
        plan.renewed = self.given.options.mode == PlanMode::RefreshOnly && self.is_renewed(&plan);
        for ((address, _), change) in plan.changes.iter().filter(|(_, of)| of.importing.is_some()) {
            let schema = self.schema(address, &change.provider);
            if let (Some(schema), Some(before)) = (schema, change.verb.before()) {
                // What is imported needs nothing before it is applied.
                let keep = change.verb.is_keep();
                let needs = if keep { evaluator.reach(address) } else { BTreeSet::new() };
                let needs = needs.into_iter().collect();
                let object =
                    objects::encode(&schema, before, &change.private, &change.provider, needs);
                plan.prior.set_current(address, Some(object));
            }
        }
        for ((address, _), change) in &plan.changes {
            // What is read in the apply is not known before.
            if matches!(change.verb, Verb::Read { .. }) {
                plan.prior.set_current(address, None);
            }
        }
        for address in self.gone_data(&plan) {
            plan.prior.set_current(&address, None);
        }
        for (address, value) in plan.data.iter().filter(|(of, _)| of.mode == Mode::Data) {
            let Some(instance) = self.desired.instances.get(address) else { continue };
            if let Some(schema) = self.schema(address, &instance.provider) {
                let object = objects::encode(&schema, value, &[], &instance.provider, Vec::new());
                plan.prior.set_current(address, Some(object));
            }
        }
        plan.warnings =
            self.problems.iter().filter(|problem| !problem.is_error()).cloned().collect();
        plan
    }

    /// Takes the drafts over as changes.
    fn wanted_changes(&mut self, plan: &mut Plan) {
        let drafts = std::mem::take(&mut self.planner.drafts).into_iter();
        let mut instances = Beside::new(&self.desired.instances);
        let changes = drafts.filter_map(|(address, draft)| {
            let instance = instances.get(&address)?;
            let change = Change {
                verb: draft.verb,
                reason: draft.reason,
                provider: instance.provider.clone(),
                config: Some(lasting(&draft.config)),
                needs: instance.needs.clone(),
                span: Some(instance.span),
                places: instance.places.clone(),
                replaces: draft.replaces,
                private: draft.private,
                importing: draft.importing,
                notes: draft.notes,
                create_before_destroy: instance
                    .lifecycle
                    .config
                    .create_before_destroy
                    .unwrap_or(false),
            };
            Some(((address, None), change))
        });
        // All at once: a tree that grows leaf by leaf is twice as large.
        plan.changes = changes.collect();
        for (address, (_, value)) in &self.planner.data {
            // What was read before it was known that it must wait does not count.
            let waits = plan.changes.get(&(address.clone(), None)).is_some_and(|change| {
                matches!(change.reason, Some(Reason::ConfigUnknown | Reason::DependencyPending))
            });
            if waits {
                continue;
            }
            let Some(instance) = self.desired.instances.get(address) else { continue };
            if let Some(schema) = self.schema(address, &instance.provider) {
                plan.data.insert(address.clone(), super::planner::kept_data(&schema, value));
                if self.planner.failed.contains_key(&(address.clone(), None)) {
                    plan.unread.insert(address.clone());
                }
            }
        }
    }

    /// Notes what objects need by their blocks as they are now, and whose they are.
    fn renew(&mut self, plan: &Plan, evaluator: &Evaluator<'_>) {
        let (mode, refresh) = (self.given.options.mode, self.given.options.refresh);
        let mut names: HashMap<Arc<ProviderRef>, String> = HashMap::new();
        let mut known: HashMap<Address, BTreeSet<Address>, FixedState> = HashMap::default();
        for ((address, deposed), change) in &plan.changes {
            let current = change.config.is_some() && deposed.is_none();
            let Some(tracked) = self.planner.prior.objects.get_mut(address) else { continue };
            let Some(object) = tracked.current.as_mut().filter(|_| current) else { continue };
            let provider = names
                .entry(change.provider.clone())
                .or_insert_with(|| objects::provider_text(&change.provider));
            object.provider.clone_from(provider);
            let block = address.without_keys();
            let needs = known.entry(block).or_insert_with_key(|block| evaluator.reach(block));
            let server = self.planner.sessions.provider(&change.provider);
            let server = server.and_then(|it| it.endpoint_argument());
            // Whether it is in the server that its block leads to was not looked at.
            if address.mode != Mode::Managed || (!refresh && server.is_some()) {
                continue;
            }
            if change.verb.is_keep() && mode == PlanMode::Normal {
                object.needs = needs.iter().cloned().collect();
            } else if refresh && !needs.iter().all(|need| object.needs.contains(need)) {
                let all: BTreeSet<Address> = needs.iter().chain(&object.needs).cloned().collect();
                object.needs = all.into_iter().collect();
            }
        }
    }

    /// Says whether a run that only refreshes has something to write that no value tells: what objects need, how they are
    /// replaced, and outputs that are kept in another form.
    fn is_renewed(&self, plan: &Plan) -> bool {
        let noted = |object: &Object| {
            let needs: BTreeSet<Address> = object.needs.iter().cloned().collect();
            (needs, object.create_before_destroy)
        };
        let renewed = plan.prior.objects.iter().any(|(address, tracked)| {
            let from = plan.moves.get(address).unwrap_or(address);
            self.given.prior.current(from).map(noted) != tracked.current.as_ref().map(noted)
        });
        let kept = plan.outputs.values().filter(|of| of.is_keep() && of.before.is_some());
        renewed || kept.filter_map(|of| of.after.as_ref()).any(has_calculated)
    }

    /// Takes objects that are imported as they are into the state: no call will.
    fn imported(&mut self, plan: &Plan) {
        for ((address, deposed), change) in &plan.changes {
            let Verb::Keep { before } = &change.verb else { continue };
            let Some(schema) = self.schema(address, &change.provider) else { continue };
            if change.importing.is_some() && deposed.is_none() {
                let needs = change.needs.iter().cloned().collect();
                let provider = &change.provider;
                let object = objects::encode(&schema, before, &change.private, provider, needs);
                self.planner.prior.set_current(address, Some(object));
            }
        }
    }

    fn outputs(&mut self, plan: &mut Plan) {
        let destroy = self.given.options.mode == PlanMode::Destroy;
        // Before all is destroyed they are looked at anew.
        let looked_at = self.planner.prior.outputs.clone();
        let prior = if destroy { &looked_at } else { &self.given.prior.outputs };
        if !destroy {
            for (name, output) in &self.desired.outputs {
                if output.ephemeral {
                    continue;
                }
                if is_infinite(&output.value) {
                    self.problems.push(unwritable(name));
                }
                let before = prior.get(name).map(|kept| kept.value.clone());
                let was_sensitive = prior.get(name).is_some_and(|kept| kept.sensitive);
                let after = Some(output.value.clone());
                let sensitive = output.sensitive || output.value.all_marks().sensitive;
                let change = OutputChange { before, after, sensitive, was_sensitive };
                plan.outputs.insert(name.clone(), change);
            }
        }
        for (name, kept) in prior {
            // What is left out by `-target` stays as it is.
            let options = self.given.options;
            let limited = !(options.targets.is_empty() && options.exclude.is_empty());
            if limited {
                continue;
            }
            if !destroy && self.given.config.root.outputs.contains_key(name) {
                continue;
            }
            plan.outputs.entry(name.clone()).or_insert_with(|| OutputChange {
                before: Some(kept.value.clone()),
                after: None,
                sensitive: kept.sensitive,
                was_sensitive: kept.sensitive,
            });
        }
    }

    /// Gives what each desired instance needs, its provider's configuration included.
    pub(super) fn needs(&self) -> Needs {
        let all = self.desired.instances.iter().map(|(address, instance)| {
            let mut needs = instance.needs.clone();
            needs.extend(self.provider_needs(&instance.provider));
            (address.clone(), needs)
        });
        all.collect()
    }

    /// Gives what each tracked object needed, as the state says, and what its provider is made from.
    pub(super) fn prior_needs(&self) -> Needs {
        let mut instances = Beside::new(&self.desired.instances);
        let mut of_providers: BTreeMap<&str, BTreeSet<Address>> = BTreeMap::new();
        let all = self.given.prior.objects.iter().map(|(address, tracked)| {
            let mut needs = BTreeSet::new();
            for object in tracked.current.iter().chain(tracked.deposed.values()) {
                needs.extend(object.needs.iter().cloned());
                let of_provider = of_providers.entry(&object.provider).or_insert_with(|| {
                    let reference = crate::plan::objects::provider_ref(&object.provider);
                    reference.map(|reference| self.provider_needs(&reference)).unwrap_or_default()
                });
                needs.extend(of_provider.iter().cloned());
            }
            // What the block needs now counts too: a state of another tool may know less.
            if let Some(instance) = instances.get(address) {
                needs.extend(instance.needs.iter().cloned());
            }
            (address.clone(), needs)
        });
        all.collect()
    }

    pub(super) fn provider_needs(&self, reference: &ProviderRef) -> BTreeSet<Address> {
        let config = self.desired.providers.get(reference);
        config.iter().flat_map(|config| config.needs.values()).flatten().cloned().collect()
    }
}

/// Gives the parts of objects that contribute to the changes of a plan.
fn relevant(plan: &Plan, desired: &Desired, evaluator: &Evaluator<'_>) -> Vec<(Address, Path)> {
    let changed = plan.changes.iter().filter(|(_, change)| !change.verb.is_keep());
    let outputs = plan.outputs.iter().filter(|(_, output)| !output.is_keep());
    let (changed, outputs) = (changed.map(|((of, _), _)| of), outputs.map(|(name, _)| name));
    match plan.base.mode {
        PlanMode::Destroy => evaluator.contributing(changed, outputs, &BTreeSet::new()),
        _ => evaluator.contributing(changed, outputs, &desired.modules),
    }
}

/// Leaves out of a configuration what is ephemeral: a plan may be saved.
fn lasting(value: &Value) -> Value {
    if value.marks().ephemeral {
        return Value::null(value.ty());
    }
    if !value.all_marks().ephemeral {
        return value.clone();
    }
    value.map_parts(&mut lasting)
}

/// Says whether a number is part of a value that was counted or calculated: Terraform takes it for another one than the
/// saved one, and with that a run that only refreshes for one that has something to write.
fn has_calculated(value: &Value) -> bool {
    match value.kind() {
        Kind::Number(number) => !number.is_as_read(),
        _ => value.parts().any(has_calculated),
    }
}

/// Says whether a number without an end is part of a value.
fn is_infinite(value: &Value) -> bool {
    match value.kind() {
        Kind::Number(number) => number.is_infinite(),
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            parts.iter().any(is_infinite)
        }
        Kind::Map(_, fields) | Kind::Object(fields) => {
            fields.iter().any(|(_, part)| is_infinite(part))
        }
        Kind::Unknown(..) | Kind::Null(_) | Kind::Bool(_) | Kind::String(_) => false,
    }
}

fn unwritable(name: &str) -> Diagnostic {
    let detail = format!(
        "The plan file could not be written: failed to write state snapshot: Failed to serialize output value in state: An \
         error occured while serializing output value \"{name}\": cannot serialize infinity as JSON.."
    );
    Diagnostic::error("Failed to write plan file", detail)
}
