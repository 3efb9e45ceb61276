//! What is removed, and why: objects that no block wants any more, and deposed ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::beside::Beside;
use super::make::Maker;
use super::observe::read_objects;
use super::planner::{Job, ObjectKey, Planner, cannot_be_destroyed, diagnostic, without_block};
use super::{Change, Plan, PlanMode, Reason, Verb};
use crate::addr::{Address, Key, Mode, Step, Target};
use crate::config::{Module, ModuleCall, Resource, block_name, constant};
use crate::diag::{Diagnostic, has_errors};
use crate::eval::{Evaluator, Instance};
use crate::providers::{ApiError, Session, Wanted};
use crate::state::Object;
use crate::value::Value;

impl Maker<'_, '_> {
    /// Gives what is tracked but wanted by no block, and the deposed objects.
    fn orphans(&self) -> Vec<(ObjectKey, Object)> {
        let mut orphans = Vec::new();
        let mut drafts = Beside::new(&self.planner.drafts);
        let mut instances = Beside::new(&self.desired.instances);
        for (address, tracked) in &self.planner.prior.objects {
            if address.mode != Mode::Managed || self.is_left_out(address) {
                continue;
            }
            let wanted = drafts.get(address).is_some()
                || instances.get(address).is_some()
                || self.desired.unmade.contains(address)
                || self.desired.deferred.contains(&address.block());
            if let Some(object) = tracked.current.as_ref().filter(|_| !wanted) {
                orphans.push(((address.clone(), None), object.clone()));
            }
            for (key, object) in &tracked.deposed {
                orphans.push(((address.clone(), Some(key.clone())), object.clone()));
            }
        }
        orphans
    }

    /// Gives the data sources that were kept and that no block asks for: they are only left out.
    pub(super) fn gone_data(&self, plan: &Plan) -> Vec<Address> {
        if plan.base.mode == PlanMode::Destroy {
            return Vec::new();
        }
        let wanted = |address: &Address| {
            self.desired.instances.contains_key(address)
                || self.desired.unmade.contains(address)
                || self.desired.deferred.contains(&address.block())
        };
        let kept = plan.prior.objects.keys().filter(|address| address.mode == Mode::Data);
        kept.filter(|address| !wanted(address) && !self.is_left_out(address)).cloned().collect()
    }

    /// Gives orphans of blocks that are still there to the providers of these blocks, whatever the state says.
    fn hand_over(&mut self, evaluator: &mut Evaluator<'_>) {
        for ((address, deposed), _) in self.orphans() {
            let found = evaluator.provider_of(&address, &mut super::planner::Unread);
            let (Ok(provider), Some(tracked)) =
                (found, self.planner.prior.objects.get_mut(&address))
            else {
                continue;
            };
            let object = match &deposed {
                Some(key) => tracked.deposed.get_mut(key),
                None => tracked.current.as_mut(),
            };
            if let Some(object) = object {
                object.provider = crate::plan::objects::provider_text(&provider);
            }
        }
    }

    /// Reads the orphans anew, so that what is gone already is not destroyed again.
    pub(super) async fn read_orphans(&mut self, evaluator: &mut Evaluator<'_>) {
        self.hand_over(evaluator);
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
                Err(why) => {
                    self.problems.push(why.to_diagnostic(&address));
                    continue;
                }
            };
            let key = (address.clone(), deposed);
            let observed = crate::providers::Observed { value, private: object.private.clone() };
            self.planner.observed.insert(key.clone(), Some(observed.clone()));
            // What is let go is taken as it was; who only refreshes lets nothing go.
            let refreshing = self.given.options.mode == PlanMode::RefreshOnly;
            let let_go = !refreshing && forgotten(&self.given.config.root, &address);
            if let_go || !self.is_looked_at(&address) {
                continue;
            }
            let config = match &key.1 {
                Some(aside) => self.config_aside(&reference, &self.planner.prior, Some(aside)),
                None => self.provider_config(&reference, evaluator),
            };
            let Ok(config) = config else { continue };
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
        // What others were put aside with is asked for first: they are gone where it is.
        let (inside, outside): (Vec<_>, Vec<_>) =
            deposed.into_iter().partition(|(key, ..)| self.put_aside_with(key).is_some());
        for one in outside.into_iter().chain(inside) {
            let whole = self.put_aside_with(&one.0);
            if whole.is_some_and(|whole| matches!(self.planner.observed.get(&whole), Some(None))) {
                self.planner.observed.insert(one.0, None);
                continue;
            }
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
        for (address, result) in read_objects(jobs, self.planner.tell).await {
            let deposed = keys.get(&address).cloned().flatten();
            match result {
                Err(error) if self.went_down(&error, &address) => {
                    self.planner.observed.insert((address, deposed), None);
                }
                Ok(found) => {
                    self.planner.observed.insert((address, deposed), found);
                }
                Err(error) if self.given.options.looks => {
                    self.planner.failed.insert((address, deposed), error);
                }
                Err(error) => self.problems.push(error.to_diagnostic(&address)),
            }
        }
    }

    /// Says whether an orphan went down with its server.
    fn went_down(&self, error: &ApiError, address: &Address) -> bool {
        let object = self.planner.prior.current(address);
        let of = object.and_then(|object| {
            let reference = crate::plan::objects::provider_ref(&object.provider)?;
            let config = self.desired.providers.get(&reference)?;
            Some(self.planner.went_down(error, &reference, config, object))
        });
        of.unwrap_or(false)
    }

    /// Adds the removal of what no block wants.
    pub(super) fn removals(&mut self, plan: &mut Plan) {
        for ((address, deposed), object) in self.orphans() {
            let key = (address.clone(), deposed.clone());
            let Some(reference) = crate::plan::objects::provider_ref(&object.provider) else {
                continue;
            };
            let Some(found) = self.planner.observed.get(&key).cloned().flatten() else { continue };
            let refreshing = self.given.options.mode == PlanMode::RefreshOnly;
            if refreshing && !(deposed.is_none() && plan.moves.contains_key(&address)) {
                continue;
            }
            let reason = (deposed.is_none() && self.given.options.mode == PlanMode::Normal)
                .then(|| self.why_removed(&address, plan.moves.contains_key(&address)))
                .flatten();
            let before = found.value;
            let normal = self.given.options.mode == PlanMode::Normal;
            let forget = normal && forgotten(&self.given.config.root, &address);
            let verb = match (refreshing, forget) {
                // It is told that it has moved.
                (true, _) => Verb::Keep { before },
                (false, true) => Verb::Forget { before },
                (false, false) => Verb::Delete { before },
            };
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

    /// Tells of what stands in the way of removals. Where all is removed, what would be after that is left out.
    pub(super) fn protected(&mut self, plan: &mut Plan, evaluator: &Evaluator<'_>) {
        let mut kept = BTreeSet::new();
        for ((address, deposed), change) in &plan.changes {
            let Verb::Delete { before } = &change.verb else { continue };
            let instance = self.desired.instances.get(address).filter(|_| deposed.is_none());
            let problems = match instance {
                Some(instance) => removal_problems(&self.planner, address, instance, before),
                None => self.removal_problems(address, deposed.is_none(), change, before),
            };
            if has_errors(&problems) {
                kept.insert((address.clone(), deposed.clone()));
            }
            self.problems.extend(problems);
        }
        if kept.is_empty() || self.given.options.mode != PlanMode::Destroy {
            return;
        }
        let needed: BTreeSet<Address> =
            kept.iter().flat_map(|(address, _)| evaluator.reach(address)).collect();
        plan.changes.retain(|key, _| kept.contains(key) || !needed.contains(&key.0.without_keys()));
    }

    /// Gives what stands in the way of the removal of what no block wants.
    fn removal_problems(
        &self,
        address: &Address,
        current: bool,
        change: &Change,
        before: &Value,
    ) -> Vec<Diagnostic> {
        let provider = self.planner.sessions.provider(&change.provider);
        let problem = provider
            .and_then(|provider| provider.check_delete(&address.type_name, before))
            .map(|problem| without_block(&problem, address));
        let block = self.given.config.resource(address).filter(|_| current);
        let block = block.filter(|block| is_kept_from_destruction(block));
        let prevented = block.map(|block| cannot_be_destroyed(address).at(block.span, ""));
        problem.into_iter().chain(prevented).collect()
    }

    /// Gives why an object is not wanted any more.
    fn why_removed(&self, address: &Address, moved: bool) -> Option<Reason> {
        let Some(block) = self.given.config.resource(address) else {
            return Some(if moved { Reason::NoMoveTarget } else { Reason::NoBlock });
        };
        if !self.desired.modules.contains(&address.module) {
            return Some(Reason::NoModule);
        }
        let wrong = match &address.key {
            None => block.count.is_some() || block.for_each.is_some(),
            Some(Key::Number(_)) => block.count.is_none(),
            Some(Key::String(_)) => block.for_each.is_none(),
        };
        match &address.key {
            _ if wrong => Some(Reason::WrongRepetition),
            None => None,
            Some(Key::Number(_)) => Some(Reason::CountIndex),
            Some(Key::String(_)) => Some(Reason::EachKey),
        }
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
        problems.push(diagnostic(&problem, address, instance));
    }
    problems
}

/// Says whether a block has `prevent_destroy`; its value is a fixed one.
fn is_kept_from_destruction(block: &Resource) -> bool {
    let prevents = block.lifecycle.prevent_destroy.as_ref().and_then(constant::fold);
    prevents.and_then(|value| value.as_bool()).unwrap_or(false)
}

/// Warns of what is let go.
pub(super) fn let_go(plan: &Plan) -> Option<Diagnostic> {
    let forgotten = |change: &Change| matches!(change.verb, Verb::Forget { .. });
    let lines: Vec<String> = plan
        .changes
        .iter()
        .filter(|(_, change)| forgotten(change))
        .map(|((address, deposed), _)| match deposed {
            None => format!("\n - {address}"),
            Some(key) => format!("\n - {address} (deposed object {key})"),
        })
        .collect();
    if lines.is_empty() {
        return None;
    }
    let detail = format!(
        "If you apply this plan, Terraform will discard its tracking information for the following objects, but it will \
         not delete them:{}\n\nAfter applying this plan, Terraform will no longer manage these objects. You will need to \
         import them into Terraform to manage them again.",
        lines.concat()
    );
    Some(Diagnostic::warning("Some objects will no longer be managed by Terraform", detail))
}

/// Tells of what is declared and said to be removed as well.
pub(super) fn still_declared(module: &Module) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for removed in &module.removed {
        let prefix: String = module.path.iter().map(|name| format!("module.{name}.")).collect();
        let (kind, span) = match &removed.from {
            Target::Module(path) => ("module", call_in(module, path).map(|call| call.span)),
            Target::Resource(address) => {
                let inside = module_in(module, &address.module);
                let block = inside.and_then(|module| module.resource(block_name(address)));
                ("resource", block.map(|block| block.span))
            }
        };
        let Some(span) = span else { continue };
        let detail = format!(
            "This statement declares that {prefix}{} was removed, but it is still declared in configuration.",
            removed.from
        );
        problems
            .push(Diagnostic::error(format!("Removed {kind} still exists"), detail).at(span, ""));
    }
    let inner = module.calls.values().flat_map(|call| still_declared(&call.module));
    problems.into_iter().chain(inner.collect::<Vec<_>>()).collect()
}

fn module_in<'m>(module: &'m Module, path: &[Step]) -> Option<&'m Module> {
    path.iter().try_fold(module, |at, step| at.calls.get(&step.name).map(|call| &call.module))
}

fn call_in<'m>(module: &'m Module, path: &[Step]) -> Option<&'m ModuleCall> {
    let (last, outer) = path.split_last()?;
    module_in(module, outer)?.calls.get(&last.name)
}

/// Says whether a `removed` block lets the object stay.
fn forgotten(module: &Module, address: &Address) -> bool {
    let here =
        module.removed.iter().any(|removed| !removed.destroy && address.is_within(&removed.from));
    here || module.calls.values().any(|call| {
        let first = address.module.first().filter(|step| step.name == call.name.text);
        first.is_some() && {
            let inner = address.in_module(address.module[1..].to_vec());
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
