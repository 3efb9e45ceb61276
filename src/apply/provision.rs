//! Provisioners: programs that run once an object is made, or before it is removed.
//!
//! Until all of an object's programs have run it is kept as tainted, so that a run that ends early leaves an
//! object that the next one makes anew.

use std::collections::VecDeque;

use super::applier::{Applier, Done};
use super::desk::Message;
use super::oracle::now;
use super::program::{Program, Run};
use crate::addr::{Address, Target};
use crate::config::Module;
use crate::diag::Diagnostic;
use crate::eval::LOCAL_EXEC;
use crate::graph::Outcome;
use crate::plan::event::{ApplyEvent, ProvisionStep};
use crate::plan::{Action, Call, Verb};
use crate::providers::Observed;
use crate::syntax::tree::{Block, Body, ExprKind};
use crate::value::Value;

/// The programs of one call that are still to run.
pub(super) struct Provisioning {
    rest: VecDeque<Block>,
    /// The one that runs.
    now: Option<Running>,
    /// The object that they run for.
    this: Value,
    /// The object as made, to be kept when all have run; nothing before a removal.
    made: Option<Observed>,
}

struct Running {
    block: Block,
    /// Why nothing of it must be shown.
    secret: Option<&'static str>,
    command: String,
}

/// What comes next.
pub(super) enum Next {
    /// The next program runs.
    Job(futures::future::LocalBoxFuture<'static, Done>),
    /// All have run.
    Finished(Option<Observed>),
    /// One failed, and the problem is noted.
    Failed,
}

/// Gives the word that an argument like `when` is set to.
fn word(body: &Body, name: &str) -> Option<String> {
    let expr = &body.attribute(name)?.expr;
    match &expr.kind {
        ExprKind::Name(word) => Some(word.clone()),
        _ => expr.literal(),
    }
}

impl Applier<'_, '_> {
    /// Gives the programs of a call: those of a block, or of a `removed` block.
    fn programs(&self, action: &Action) -> VecDeque<Block> {
        let address = &action.address;
        let destroy = match action.call {
            Call::Create => false,
            Call::Delete if action.deposed.is_none() && !self.is_deposing(address) => true,
            _ => return VecDeque::new(),
        };
        if destroy && self.before.current(address).is_none_or(|object| object.tainted) {
            return VecDeque::new();
        }
        let blocks = match self.given.config.resource(address) {
            Some(resource) => &resource.provisioners[..],
            None => removed(&self.given.config.root, address).unwrap_or_default(),
        };
        let fits = |block: &&Block| {
            let is_destroy = word(&block.body, "when").as_deref() == Some("destroy");
            is_destroy == destroy
                && block.labels.first().is_some_and(|label| label.text == LOCAL_EXEC)
        };
        blocks.iter().filter(fits).cloned().collect()
    }

    /// Says whether a call has programs to run.
    pub(super) fn has_programs(&self, action: &Action) -> bool {
        !self.programs(action).is_empty()
    }

    /// Begins the programs of a call; nothing where it has none.
    pub(super) fn provision(
        &mut self,
        action: &Action,
        this: &Value,
        made: Option<Observed>,
    ) -> Option<Next> {
        let rest = self.programs(action);
        if rest.is_empty() {
            return None;
        }
        let provisioning = Provisioning { rest, now: None, this: this.clone(), made };
        self.provisioning.insert(action.clone(), provisioning);
        Some(self.next_program(action))
    }

    /// Gives the object that a removal's programs run for.
    pub(super) fn leaving(&self, action: &Action) -> Option<Value> {
        let change = self.change(action)?;
        matches!(change.verb, Verb::Delete { .. } | Verb::Replace { .. })
            .then(|| change.verb.before().cloned())
            .flatten()
    }

    fn next_program(&mut self, action: &Action) -> Next {
        let Some(provisioning) = self.provisioning.get_mut(action) else {
            return Next::Finished(None);
        };
        let Some(block) = provisioning.rest.pop_front() else {
            let done = self.provisioning.remove(action);
            return Next::Finished(done.and_then(|done| done.made));
        };
        let this = provisioning.this.clone();
        self.tell_provision(action, ProvisionStep::Started);
        match self.program(action, &block, &this) {
            Ok(program) => {
                let secret = program.secret;
                let command = program.command.clone();
                if let Some(provisioning) = self.provisioning.get_mut(action) {
                    provisioning.now = Some(Running { block, secret, command });
                }
                let (sender, action) = (self.sender.clone(), action.clone());
                Next::Job(Box::pin(async move {
                    let tell = |line: String| {
                        let action = action.clone();
                        // Who has gone away needs no word.
                        let _ = sender.send(Message::Output { action, line });
                    };
                    Done::Provisioned(program.run(&tell).await)
                }))
            }
            Err(problems) => {
                self.tell_provision(action, ProvisionStep::Errored);
                let about = |problem: Diagnostic| problem.about(&action.address);
                self.applied.problems.extend(problems.into_iter().map(about));
                self.provisioning.remove(action);
                Next::Failed
            }
        }
    }

    fn program(
        &mut self,
        action: &Action,
        block: &Block,
        this: &Value,
    ) -> Result<Program, Vec<Diagnostic>> {
        let mut oracle = now!(self);
        let destroy = action.call == Call::Delete;
        let value = self.now.provisioner(&action.address, block, this, destroy, &mut oracle)?;
        Program::new(&value, &self.given.world).map_err(|(summary, detail)| {
            vec![Diagnostic::error(summary, detail).at(block.body.end, "")]
        })
    }

    /// Goes on after a program has ended.
    pub(super) fn provisioned(&mut self, action: &Action, run: Run) -> Next {
        let running =
            self.provisioning.get_mut(action).and_then(|provisioning| provisioning.now.take());
        let (Err(failure), Some(running)) = (run, running) else {
            self.tell_provision(action, ProvisionStep::Complete);
            return self.next_program(action);
        };
        self.tell_provision(action, ProvisionStep::Errored);
        if word(&running.block.body, "on_failure").as_deref() == Some("continue") {
            return self.next_program(action);
        }
        let detail = if running.secret.is_some() {
            format!(
                "Error running a command whose arguments are sensitive, so that neither it nor its output is shown: {}.",
                failure.why
            )
        } else {
            format!(
                "Error running command '{}': {}. Output: {}",
                running.command, failure.why, failure.output
            )
        };
        let problem = Diagnostic::error("local-exec provisioner error", detail)
            .at(running.block.body.end, "")
            .about(&action.address);
        self.applied.problems.push(problem);
        self.provisioning.remove(action);
        Next::Failed
    }

    fn tell_provision(&mut self, action: &Action, step: ProvisionStep) {
        let (action, kind) = (action.clone(), LOCAL_EXEC.to_string());
        (self.tell)(ApplyEvent::Provision { action, kind, step });
    }

    /// Passes on a line that a program has printed.
    pub(super) fn output(&mut self, action: &Action, line: String) {
        let now = self.provisioning.get(action).and_then(|provisioning| provisioning.now.as_ref());
        let line = match now.and_then(|running| running.secret) {
            Some(secret) => format!("(output suppressed due to {secret} value in config)"),
            None => line,
        };
        self.tell_provision(action, ProvisionStep::Output(line));
    }

    /// Notes that a call failed for its programs; the problem is noted already.
    pub(super) fn failed_programs(&mut self, action: &Action) -> Outcome<Done> {
        let (action, elapsed) = (action.clone(), self.elapsed(action));
        (self.tell)(ApplyEvent::Failed { action, elapsed });
        Outcome::Failed
    }
}

/// Gives the programs of the `removed` block that names an address.
fn removed<'c>(root: &'c Module, address: &Address) -> Option<&'c [Block]> {
    let mut module = root;
    for depth in 0..=address.module.len() {
        let inner = address.in_module(address.module[depth..].to_vec());
        let found = module.removed.iter().find(|removed| match &removed.from {
            Target::Resource(_) | Target::Module(_) => inner.is_within(&removed.from),
        });
        if let Some(removed) = found {
            return Some(&removed.provisioners);
        }
        module = &module.calls.get(&address.module.get(depth)?.name)?.module;
    }
    None
}
