//! Makes a plan: rounds of evaluation with reads between them, then the changes and their order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::decide::{differences, same};
use super::moves::apply_moves;
use super::objects;
use super::observe::{read, read_objects};
use super::order::{Needs, order, spread_create_first};
use super::planner::{Job, ObjectKey, Options, OrAt, Planner, cannot_be_destroyed, diagnostic};
use super::sessions::{RegistrySchemas, Sessions};
use super::{Base, Change, Drift, OutputChange, Plan, PlanMode, Reason, Verb};
use crate::addr::{Address, Key, Mode, Target};
use crate::config::{Config, Module};
use crate::diag::{Diagnostic, Sources, has_errors};
use crate::eval::{Desired, Evaluation, Evaluator, Inputs, Instance, ProviderConfig, ProviderRef};
use crate::providers::{Registry, Session, Wanted, World};
use crate::schema::Schema;
use crate::state::{Object, Snapshot};
use crate::value::Value;

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
}

/// Makes a plan, with the problems met. A plan with errors among them must not be applied.
pub async fn make(given: &Given<'_>) -> (Plan, Vec<Diagnostic>) {
    let mut prior = given.prior.clone();
    let (moves, warnings) = apply_moves(given.config, &mut prior);
    let schemas = RegistrySchemas(given.registry);
    let mut evaluator = Evaluator::new(given.config, given.sources, given.inputs, &schemas);
    let mut planner = Planner {
        options: given.options,
        prior,
        imports: BTreeMap::new(),
        sessions: Sessions::new(given.registry, given.world.clone()),
        observed: BTreeMap::new(),
        data: BTreeMap::new(),
        previews: BTreeMap::new(),
        forced: BTreeMap::new(),
        failed: BTreeMap::new(),
        drafts: BTreeMap::new(),
        problems: BTreeMap::new(),
        wanted: Vec::new(),
        wanted_data: Vec::new(),
        wanted_previews: Vec::new(),
    };
    let mut problems = warnings;
    problems.extend(imports(&mut planner, &mut evaluator));
    let evaluation = loop {
        let evaluation = rounds(&mut planner, &mut evaluator).await;
        if !planner.trigger(&triggers(&evaluation.desired)) {
            break evaluation;
        }
        // What is known whole is not asked for again: with new reasons to replace, everything is.
        evaluator = Evaluator::new(given.config, given.sources, given.inputs, &schemas);
    };
    problems.extend(told(given, &evaluation, &planner));
    if has_errors(&problems) {
        return (Plan::default(), problems);
    }
    let mut maker = Maker { given, planner, desired: evaluation.desired, problems };
    maker.read_orphans(&mut evaluator).await;
    let plan = maker.finish(moves);
    (plan, maker.problems)
}

/// Gives what the last round said. A destroy needs only what its providers are made from: what else is wrong
/// with the configuration does not stand in its way.
fn told(given: &Given<'_>, evaluation: &Evaluation, planner: &Planner<'_>) -> Vec<Diagnostic> {
    let wanted = &evaluation.desired.instances;
    let of_wanted = planner.problems.iter().filter(|(address, _)| wanted.contains_key(address));
    let mut problems: Vec<Diagnostic> =
        of_wanted.flat_map(|(_, problems)| problems).cloned().collect();
    problems.extend(evaluation.problems.iter().cloned());
    if given.options.mode == PlanMode::Destroy {
        let checks = [
            "Resource precondition failed",
            "Resource postcondition failed",
            "Check block assertion failed",
        ];
        problems.retain(|problem| !checks.contains(&problem.summary.as_str()));
    }
    dedup(&mut problems);
    problems
}

fn dedup(problems: &mut Vec<Diagnostic>) {
    let mut seen: Vec<Diagnostic> = Vec::new();
    problems.retain(|problem| {
        let new = !seen.contains(problem);
        if new {
            seen.push(problem.clone());
        }
        new
    });
}

/// Notes what `import` blocks of the root ask for and the state does not have.
fn imports(planner: &mut Planner<'_>, evaluator: &mut Evaluator<'_>) -> Vec<Diagnostic> {
    let (found, problems) = evaluator.imports(&mut super::planner::Unread);
    planner.imports.extend(found.into_iter().map(|import| (import.to, import.id)));
    planner.imports.extend(planner.options.imports.iter().cloned());
    problems
}

/// Evaluates and reads until nothing more is wanted.
async fn rounds(planner: &mut Planner<'_>, evaluator: &mut Evaluator<'_>) -> Evaluation {
    let mut round = 0;
    loop {
        planner.begin_round();
        let evaluation = evaluator.evaluate(planner);
        round += 1;
        if planner.wants_more() && round < ROUNDS {
            read(planner).await;
            continue;
        }
        return evaluation;
    }
}

fn triggers(desired: &Desired) -> Vec<(Address, Address, crate::value::Path)> {
    let all = desired.instances.iter().flat_map(|(address, instance)| {
        let triggers = instance.lifecycle.replace_triggered_by.iter();
        triggers.map(|(need, path)| (address.clone(), need.clone(), path.clone()))
    });
    all.collect()
}

/// Makes the plan from what the rounds gave.
struct Maker<'g, 'a> {
    given: &'g Given<'a>,
    planner: Planner<'g>,
    desired: Desired,
    problems: Vec<Diagnostic>,
}

impl Maker<'_, '_> {
    /// Gives what is tracked but wanted by no block, and the deposed objects.
    fn orphans(&self) -> Vec<(ObjectKey, Object)> {
        let mut orphans = Vec::new();
        for (address, tracked) in &self.planner.prior.objects {
            if address.mode != Mode::Managed {
                continue;
            }
            let wanted = self.planner.drafts.contains_key(address)
                || self.desired.deferred.contains(&address.block())
                || self.desired.instances.contains_key(address);
            if let Some(object) = tracked.current.as_ref().filter(|_| !wanted) {
                orphans.push(((address.clone(), None), object.clone()));
            }
            for (key, object) in &tracked.deposed {
                orphans.push(((address.clone(), Some(key.clone())), object.clone()));
            }
        }
        orphans
    }

    /// Reads the orphans anew, so that what is gone already is not destroyed again.
    async fn read_orphans(&mut self, evaluator: &mut Evaluator<'_>) {
        let mut wanted = Vec::new();
        for ((address, deposed), object) in self.orphans() {
            let Some(reference) = crate::plan::objects::provider_ref(&object.provider) else {
                self.problems.push(no_provider(&address, &object.provider));
                continue;
            };
            let Some(provider) = self.planner.sessions.provider(&reference).cloned() else {
                self.problems.push(no_provider(&address, &object.provider));
                continue;
            };
            let value = match self.planner.decoded(provider.as_ref(), &address, &object) {
                Ok(value) => value,
                Err(text) => {
                    let detail = format!("The state's entry for {address} cannot be read. {text}");
                    self.problems
                        .push(Diagnostic::error("Failed to decode resource from state", detail));
                    continue;
                }
            };
            let key = (address.clone(), deposed);
            let observed = crate::providers::Observed { value, private: object.private.clone() };
            self.planner.observed.insert(key.clone(), Some(observed.clone()));
            if !self.given.options.refresh {
                continue;
            }
            let Ok(config) = self.provider_config(&reference, evaluator) else { continue };
            match self.planner.sessions.session(&reference, &config) {
                Ok(Some(session)) => wanted.push((key, session, observed)),
                Ok(None) => {}
                Err(problem) => self.problems.push(problem),
            }
        }
        // Deposed objects share an address with others: one batch for each kind of key.
        let (deposed, current): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|((_, deposed), ..)| deposed.is_some());
        self.read_current(current).await;
        for one in deposed {
            self.read_current(vec![one]).await;
        }
    }

    async fn read_current(
        &mut self,
        wanted: Vec<(ObjectKey, Arc<dyn Session>, crate::providers::Observed)>,
    ) {
        let mut keys = BTreeMap::new();
        let mut jobs = Vec::new();
        for ((address, deposed), session, observed) in wanted {
            keys.insert(address.clone(), deposed);
            let type_name = address.type_name.clone();
            let of =
                Wanted { address, type_name, value: observed.value, private: observed.private };
            jobs.push(Job { session, of });
        }
        for (address, result) in read_objects(jobs).await {
            let deposed = keys.get(&address).cloned().flatten();
            match result {
                Ok(found) => {
                    self.planner.observed.insert((address, deposed), found);
                }
                Err(error) => self.problems.push(error.to_diagnostic(&address)),
            }
        }
    }

    fn provider_config(
        &mut self,
        reference: &ProviderRef,
        evaluator: &mut Evaluator<'_>,
    ) -> Result<ProviderConfig, ()> {
        if let Some(config) = self.desired.providers.get(reference) {
            return Ok(config.clone());
        }
        match evaluator.provider(reference, &mut self.planner) {
            Ok(config) => {
                self.desired.providers.insert(reference.clone(), config.clone());
                Ok(config)
            }
            Err(problems) => {
                self.problems.extend(problems);
                Err(())
            }
        }
    }

    fn schema(&self, address: &Address, reference: &ProviderRef) -> Option<Arc<Schema>> {
        self.planner.sessions.provider(reference)?.resource(address.mode, &address.type_name)
    }

    fn finish(&mut self, moves: BTreeMap<Address, Address>) -> Plan {
        let mut plan = Plan {
            base: Base {
                lineage: self.given.prior.lineage.clone(),
                serial: self.given.prior.serial,
                mode: self.given.options.mode,
                made: self.given.inputs.plan_time,
            },
            moves,
            checks: self.desired.checks.clone(),
            targets: self.given.options.targets.clone(),
            ..Plan::default()
        };
        self.wanted_changes(&mut plan);
        self.removals(&mut plan);
        self.limit(&mut plan);
        self.drift(&mut plan);
        self.imported(&plan);
        self.outputs(&mut plan);
        let (needs, prior) = (self.needs(), self.prior_needs());
        spread_create_first(&mut plan.changes, &needs);
        for change in plan.changes.values_mut() {
            change.create_before_destroy |=
                matches!(change.verb, Verb::Replace { create_first: true, .. });
        }
        plan.order = order(&plan.changes, &needs, &prior);
        if let Err(cycle) = plan.order.sorted() {
            let names: BTreeSet<String> =
                cycle.iter().map(|action| action.address.to_string()).collect();
            let names: Vec<String> = names.into_iter().collect();
            self.problems.push(Diagnostic::error("Cycle", format!("Cycle: {}", names.join(", "))));
        }
        plan.prior = std::mem::take(&mut self.planner.prior);
        plan.warnings =
            self.problems.iter().filter(|problem| !problem.is_error()).cloned().collect();
        plan
    }

    /// Takes the drafts over as changes.
    fn wanted_changes(&mut self, plan: &mut Plan) {
        for (address, draft) in std::mem::take(&mut self.planner.drafts) {
            let Some(instance) = self.desired.instances.get(&address) else { continue };
            if let Verb::Delete { before } = &draft.verb {
                let problems = removal_problems(&self.planner, &address, instance, before);
                self.problems.extend(problems);
            }
            let change = Change {
                verb: draft.verb,
                reason: draft.reason,
                provider: instance.provider.clone(),
                config: Some(draft.config),
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
            plan.changes.insert((address, None), change);
        }
        for (address, (_, value)) in &self.planner.data {
            let Some(instance) = self.desired.instances.get(address) else { continue };
            if let Some(schema) = self.schema(address, &instance.provider) {
                plan.data.insert(address.clone(), super::planner::kept_data(&schema, value));
            }
        }
    }

    /// Adds the removal of what no block wants.
    fn removals(&mut self, plan: &mut Plan) {
        for ((address, deposed), object) in self.orphans() {
            let key = (address.clone(), deposed.clone());
            let Some(reference) = crate::plan::objects::provider_ref(&object.provider) else {
                continue;
            };
            let Some(found) = self.planner.observed.get(&key).cloned().flatten() else { continue };
            if self.given.options.mode == PlanMode::RefreshOnly {
                continue;
            }
            let reason = (deposed.is_none() && self.given.options.mode == PlanMode::Normal)
                .then(|| self.why_removed(&address));
            let before = found.value;
            let forget = forgotten(&self.given.config.root, &address);
            let verb = if forget { Verb::Forget { before } } else { Verb::Delete { before } };
            if let Verb::Delete { before } = &verb {
                let provider = self.planner.sessions.provider(&reference);
                let problem = provider
                    .and_then(|provider| provider.check_delete(&address.type_name, before))
                    .map(|problem| diagnostic(&problem, &address, &[]));
                self.problems.extend(problem);
            }
            let change = Change {
                verb,
                reason,
                provider: reference,
                config: None,
                needs: object.needs.iter().cloned().collect(),
                span: None,
                places: Vec::new(),
                replaces: Vec::new(),
                private: found.private,
                importing: None,
                notes: Vec::new(),
                create_before_destroy: object.create_before_destroy,
            };
            plan.changes.insert(key, change);
        }
    }

    fn why_removed(&self, address: &Address) -> Reason {
        let path: Vec<String> = address.module.iter().map(|step| step.name.clone()).collect();
        if self.given.config.module(&path).is_none() {
            return Reason::NoModule;
        }
        let Some(block) = self.given.config.resource(address) else { return Reason::NoBlock };
        match (&address.key, &block.count, &block.for_each) {
            (Some(Key::Number(_)), Some(_), _) => Reason::CountIndex,
            (Some(Key::String(_)), _, Some(_)) => Reason::EachKey,
            (_, None, None) | (None, ..) | (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                let in_module =
                    self.desired.instances.keys().any(|other| other.module == address.module);
                if !in_module && !address.module.is_empty() {
                    Reason::NoModule
                } else {
                    Reason::WrongRepetition
                }
            }
        }
    }

    /// Leaves out what `-target` does not reach.
    fn limit(&mut self, plan: &mut Plan) {
        let targets = &self.given.options.targets;
        if targets.is_empty() {
            return;
        }
        let named =
            |address: &Address| targets.iter().any(|target: &Target| address.is_within(target));
        let needs = self.needs();
        let prior = self.prior_needs();
        let mut open: Vec<Address> =
            plan.changes.keys().map(|(address, _)| address.clone()).filter(|a| named(a)).collect();
        let mut reached: BTreeSet<Address> = open.iter().cloned().collect();
        let destroy = self.given.options.mode == PlanMode::Destroy;
        while let Some(address) = open.pop() {
            let next: Vec<Address> = plan
                .changes
                .keys()
                .map(|(other, _)| other)
                .filter(|other| {
                    if destroy {
                        wants(&prior, other, &address)
                    } else {
                        wants(&needs, &address, other)
                    }
                })
                .cloned()
                .collect();
            open.extend(next.into_iter().filter(|next| reached.insert(next.clone())));
        }
        plan.changes.retain(|(address, _), _| reached.contains(address));
        self.problems.push(Diagnostic::warning(
            "Resource targeting is in effect",
            "You are creating a plan with the -target option, which means that the result of this plan may not \
             represent all of the changes requested by the current configuration.\n\nThe -target option is not \
             for routine use, and is provided only for exceptional situations such as recovering from errors or \
             mistakes, or when Terrane specifically suggests to use it as part of an error message.",
        ));
    }

    /// Compares what was found with what was saved, and takes it into the prior state.
    fn drift(&mut self, plan: &mut Plan) {
        let observed = std::mem::take(&mut self.planner.observed);
        for ((address, deposed), found) in &observed {
            let Some(object) = tracked(&self.planner.prior, address, deposed) else { continue };
            let Some(reference) = crate::plan::objects::provider_ref(&object.provider) else {
                continue;
            };
            let Some(provider) = self.planner.sessions.provider(&reference) else { continue };
            let Some(schema) = self.schema(address, &reference) else { continue };
            let Ok(saved) = self.planner.decoded(provider.as_ref(), address, &object) else {
                continue;
            };
            let new = found.as_ref().map(|found| found.value.clone());
            let is_same = new.as_ref().is_some_and(|new| same(&saved, new));
            if !is_same && deposed.is_none() {
                let paths = new.as_ref().map(|new| differences(&saved, new)).unwrap_or_default();
                let drift = Drift { saved, found: new, paths, provider: reference.clone() };
                plan.drift.insert(address.clone(), drift);
            }
            let refreshed = found.as_ref().map(|found| {
                let fresh = objects::encode(
                    &schema,
                    &found.value,
                    &found.private,
                    &reference,
                    object.needs.clone(),
                );
                Object { sensitive: object.sensitive.clone(), ..merged(&object, fresh) }
            });
            put(&mut self.planner.prior, address, deposed, refreshed);
        }
        self.planner.observed = observed;
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
        if !destroy {
            for (name, output) in &self.desired.outputs {
                if output.ephemeral {
                    continue;
                }
                let before = self.given.prior.outputs.get(name).map(|kept| kept.value.clone());
                let after = Some(output.value.clone());
                let sensitive = output.sensitive || output.value.all_marks().sensitive;
                plan.outputs.insert(name.clone(), OutputChange { before, after, sensitive });
            }
        }
        for (name, kept) in &self.given.prior.outputs {
            plan.outputs.entry(name.clone()).or_insert_with(|| OutputChange {
                before: Some(kept.value.clone()),
                after: None,
                sensitive: kept.sensitive,
            });
        }
    }

    /// Gives what each desired instance needs, its provider's configuration included.
    fn needs(&self) -> Needs {
        let all = self.desired.instances.iter().map(|(address, instance)| {
            let mut needs = instance.needs.clone();
            needs.extend(self.provider_needs(&instance.provider));
            (address.clone(), needs)
        });
        all.collect()
    }

    /// Gives what each tracked object needed, as the state says, and what its provider is made from.
    fn prior_needs(&self) -> Needs {
        let mut all = Needs::new();
        for (address, tracked) in &self.given.prior.objects {
            let objects = tracked.current.iter().chain(tracked.deposed.values());
            let needs = all.entry(address.clone()).or_default();
            for object in objects {
                needs.extend(object.needs.iter().cloned());
                let reference = crate::plan::objects::provider_ref(&object.provider);
                needs.extend(reference.iter().flat_map(|reference| self.provider_needs(reference)));
            }
            // What the block needs now counts too: a state of another tool may know less.
            if let Some(instance) = self.desired.instances.get(address) {
                needs.extend(instance.needs.iter().cloned());
            }
        }
        all
    }

    fn provider_needs(&self, reference: &ProviderRef) -> BTreeSet<Address> {
        let config = self.desired.providers.get(reference);
        config.iter().flat_map(|config| config.needs.values()).flatten().cloned().collect()
    }
}

fn removal_problems(
    planner: &Planner<'_>,
    address: &Address,
    instance: &Instance,
    before: &Value,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    if instance.lifecycle.prevent_destroy {
        problems.push(cannot_be_destroyed(address).at(instance.span, ""));
    }
    let provider = planner.sessions.provider(&instance.provider);
    if let Some(problem) =
        provider.and_then(|provider| provider.check_delete(&address.type_name, before))
    {
        problems.push(diagnostic(&problem, address, &instance.places).or_at(instance.span));
    }
    problems
}

fn wants(needs: &Needs, address: &Address, other: &Address) -> bool {
    needs.get(address).is_some_and(|needs| needs.contains(other) || needs.contains(&other.block()))
}

/// Says whether a `removed` block lets the object stay.
fn forgotten(module: &Module, address: &Address) -> bool {
    let here =
        module.removed.iter().any(|removed| !removed.destroy && address.is_within(&removed.from));
    here || module.calls.values().any(|call| {
        let first = address.module.first().filter(|step| step.name == call.name.text);
        first.is_some() && {
            let inner = Address { module: address.module[1..].to_vec(), ..address.clone() };
            forgotten(&call.module, &inner)
        }
    })
}

fn no_provider(address: &Address, provider: &str) -> Diagnostic {
    let detail = format!(
        "The state has {address}, which belongs to {provider}. Terrane has no such provider, so the object can \
         be neither read nor changed."
    );
    Diagnostic::error("Provider not available", detail)
        .help(format!("Remove it from the state with `terrane state rm '{address}'`, or manage it with Terraform."))
        .about(address)
}

fn tracked(prior: &Snapshot, address: &Address, deposed: &Option<String>) -> Option<Object> {
    let tracked = prior.objects.get(address)?;
    match deposed {
        None => tracked.current.clone(),
        Some(key) => tracked.deposed.get(key).cloned(),
    }
}

fn put(prior: &mut Snapshot, address: &Address, deposed: &Option<String>, object: Option<Object>) {
    match deposed {
        None => prior.set_current(address, object),
        Some(key) => {
            let Some(tracked) = prior.objects.get_mut(address) else { return };
            match object {
                Some(object) => tracked.deposed.insert(key.clone(), object),
                None => tracked.deposed.remove(key),
            };
            if tracked.current.is_none() && tracked.deposed.is_empty() {
                prior.objects.remove(address);
            }
        }
    }
}

/// Keeps of an object what reading it does not tell.
fn merged(object: &Object, fresh: Object) -> Object {
    Object {
        tainted: object.tainted,
        create_before_destroy: object.create_before_destroy,
        provider: object.provider.clone(),
        identity: object.identity.clone(),
        other: object.other.clone(),
        ..fresh
    }
}
