//! What commands print: results given to `render`, and its text to the screen.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::environment::Screen;
use super::judge::Judgement;
use super::workbench::Workbench;
use crate::addr::Address;
use crate::apply::Applied;
use crate::apply::makespan::makespan;
use crate::config::Config;
use crate::diag::{Diagnostic, Sources};
use crate::eval::Inputs;
use crate::http::Clock;
use crate::plan::event::ApplyEvent;
use crate::plan::objects::provider_ref;
use crate::plan::{Change, Plan, PlanMode, digest};
use crate::providers::{Registry, risks};
use crate::render::json::plan::PlanDocument;
use crate::render::json::{Reveal, stream};
use crate::render::progress::{self, Progress};
use crate::render::{self, Style};
use crate::review::{self, Review, review};
use crate::schema::{RiskRule, Schema};
use crate::state::{Object, Snapshot};

/// Begins a stream of JSON lines.
pub(super) fn version(workbench: &mut Workbench<'_, '_>) {
    if workbench.json() {
        let line = stream::version(env!("CARGO_PKG_VERSION"), workbench.clock.now());
        workbench.screen.print(line);
    }
}

/// Tells what `init` and `get` do: as it is, or as a line of JSON.
pub(super) fn step(workbench: &mut Workbench<'_, '_>, text: &str) {
    if workbench.json() {
        let line = stream::log(text.trim(), workbench.clock.now());
        workbench.screen.print(line);
    } else {
        workbench.screen.print(text);
    }
}

/// Tells what `init` has come to, which has a code in JSON.
pub(super) fn initialised(workbench: &mut Workbench<'_, '_>, text: &str, code: &str) {
    if workbench.json() {
        let line = stream::init_output(text.trim(), code, workbench.clock.now());
        workbench.screen.print(line);
    } else {
        workbench.screen.print(text);
    }
}

/// Gives the schema of a planned change.
pub(super) fn of_change(
    registry: &Registry,
    address: &Address,
    change: &Change,
) -> Option<Arc<Schema>> {
    registry.provider(&change.provider.source)?.resource(address.mode, &address.type_name)
}

/// Gives the schema of a kept object.
fn of_object(registry: &Registry, address: &Address, object: &Object) -> Option<Arc<Schema>> {
    let reference = provider_ref(&object.provider)?;
    registry.provider(&reference.source)?.resource(address.mode, &address.type_name)
}

/// Shows a plan: as text, or as lines of JSON.
pub(super) fn plan(
    workbench: &mut Workbench<'_, '_>,
    plan: &Plan,
    loaded: (&Config, &Inputs),
    registry: &Registry,
) {
    if workbench.json() {
        let now = workbench.clock.now();
        workbench.screen.print(stream::planned(plan, now));
        workbench.screen.print(stream::plan_summary(plan.counts(), now));
        if !plan.outputs.is_empty() {
            workbench.screen.print(stream::planned_outputs(plan, now));
        }
        workbench.tell(&plan.warnings);
        return;
    }
    let review = reviewed(workbench, plan, loaded, registry, false);
    as_text(workbench, (plan, &review), registry, render::plan::plan);
}

/// Gives what reviewers want to know of a plan; of the parts of new objects only where the `whole` is asked for.
pub(super) fn reviewed(
    workbench: &Workbench<'_, '_>,
    plan: &Plan,
    (config, inputs): (&Config, &Inputs),
    registry: &Registry,
    whole: bool,
) -> Review {
    let schemas = |address: &Address, change: &Change| of_change(registry, address, change);
    let sources = &workbench.sources;
    // Objects of a type mostly stand together.
    let last: RefCell<Option<(String, &'static [RiskRule])>> = RefCell::default();
    let rules = |address: &Address| {
        let mut last = last.borrow_mut();
        match last.as_ref() {
            Some((name, rules)) if *name == address.type_name => *rules,
            _ => {
                let rules = risks::of(&address.type_name);
                *last = Some((address.type_name.clone(), rules));
                rules
            }
        }
    };
    let (schemas, rules) = (&schemas as _, &rules as _);
    review(&review::Given { plan, config, sources, inputs, schemas, rules, whole })
}

/// How a plan is told as text.
type Telling = fn(&Plan, &Review, &render::plan::SchemaOf<'_>, &Sources, &Style) -> String;

fn as_text(
    workbench: &mut Workbench<'_, '_>,
    (plan, review): (&Plan, &Review),
    registry: &Registry,
    tell: Telling,
) {
    let style = workbench.style();
    let schemas = |address: &Address, change: &Change| of_change(registry, address, change);
    let text = tell(plan, review, &schemas, &workbench.sources, &style);
    workbench.screen.print(text);
}

/// Tells a plan's digest, by which it can be approved; nothing where it does nothing.
pub(super) fn told_digest(workbench: &mut Workbench<'_, '_>, plan: &Plan) {
    if plan.is_empty() {
        return;
    }
    let digest = digest::digest(plan);
    let text = if workbench.json() {
        stream::plan_digest(&digest, workbench.clock.now())
    } else {
        format!("\nDigest: {digest}\n")
    };
    workbench.screen.print(text);
}

/// What is wrong before anything is planned, or only after.
const UNPLANNED: &[&str] = &[
    "No value for required variable",
    "Value for undeclared variable",
    "Failed to write plan file",
];

/// Shows what was planned before these problems were met; nothing where that is nothing.
pub(super) fn partial_plan(
    workbench: &mut Workbench<'_, '_>,
    made: &Plan,
    registry: &Registry,
    problems: &[Diagnostic],
) {
    if workbench.held.is_some() {
        return;
    }
    let unplanned =
        |problem: &Diagnostic| problem.is_error() && UNPLANNED.contains(&problem.summary.as_str());
    let nothing = made.base.mode == PlanMode::Destroy && made.changes.is_empty();
    if made.base.made.is_none() || nothing || problems.iter().any(unplanned) {
        return;
    }
    if workbench.json() {
        plan(workbench, made, (&Config::default(), &Inputs::default()), registry);
    } else {
        as_text(workbench, (made, &Review::default()), registry, render::plan::partial);
    }
}

/// Shows a saved plan.
pub(super) fn saved_plan(
    workbench: &mut Workbench<'_, '_>,
    (saved, judgement): (&Plan, &Judgement),
    (config, inputs): (&Config, &Inputs),
    registry: &Registry,
    reveal: Reveal,
) {
    if !workbench.json() {
        plan(workbench, saved, (config, inputs), registry);
        return;
    }
    let review = judgement.review(workbench, saved, (config, inputs), registry);
    let document = document(workbench, saved, (config, inputs), registry, (review, reveal));
    workbench.screen.line(document.to_string());
}

/// Gives the document of a plan.
pub(super) fn document(
    workbench: &Workbench<'_, '_>,
    plan: &Plan,
    (config, _): (&Config, &Inputs),
    registry: &Registry,
    (review, reveal): (&Review, Reveal),
) -> Json {
    let schemas = |address: &Address, change: &Change| of_change(registry, address, change);
    let kept = |address: &Address, object: &Object| of_object(registry, address, object);
    let document = PlanDocument {
        plan,
        schemas: &schemas,
        kept_schemas: &kept,
        sources: &workbench.sources,
        configuration: Some(render::json::config::configuration(
            config,
            registry,
            &workbench.sources,
            &plan.generated,
            reveal,
        )),
        reveal,
        review,
    };
    render::json::plan::plan(&document)
}

/// Shows the state.
pub(super) fn state(
    workbench: &mut Workbench<'_, '_>,
    snapshot: &Snapshot,
    registry: &Registry,
    reveal: Reveal,
) {
    let kept = |address: &Address, object: &Object| of_object(registry, address, object);
    let text = if workbench.json() {
        render::json::state::state(snapshot, &kept, reveal).to_string() + "\n"
    } else {
        render::state::show(snapshot, &kept, &workbench.style())
    };
    workbench.screen.print(text);
}

/// Shows one object.
pub(super) fn object(
    workbench: &mut Workbench<'_, '_>,
    address: &Address,
    object: &Object,
    registry: &Registry,
) {
    let schema = of_object(registry, address, object);
    let text = render::state::one(address, None, object, schema.as_deref(), &workbench.style());
    workbench.screen.print(text);
}

/// From this time on it is told how long an apply took, and why.
const LONG: Duration = Duration::from_secs(10);

/// Shows what an apply has done.
pub(super) fn applied(
    workbench: &mut Workbench<'_, '_>,
    plan: &Plan,
    applied: &Applied,
    failed: bool,
    destroy: bool,
) {
    let counts = applied.counts;
    let done = progress::Applied {
        added: counts.add,
        changed: counts.change,
        destroyed: counts.destroy,
        imported: counts.import,
    };
    let makespan = makespan(&plan.order, &applied.spans);
    let lasted = makespan.as_ref().filter(|makespan| makespan.took >= LONG);
    let lasted = lasted.map(|found| progress::Lasted {
        took: found.took,
        critical: found.critical,
        chain: &found.chain,
    });
    if workbench.json() {
        // As with Terraform, the numbers of an apply are told where all of it was done.
        if failed {
            return;
        }
        let now = workbench.clock.now();
        workbench.screen.print(stream::apply_summary(done, destroy, lasted.as_ref(), now));
        if !destroy {
            workbench.screen.print(stream::applied_outputs(&applied.snapshot.outputs, now));
        }
        return;
    }
    let destroy = destroy || plan.base.mode == PlanMode::Destroy;
    if failed {
        workbench.screen.print(incomplete(applied, done, destroy));
        return;
    }
    let style = workbench.style();
    let text =
        progress::complete(done, destroy, lasted.as_ref(), &applied.snapshot.outputs, &style);
    workbench.screen.print(text);
}

/// Tells what of an apply was not done, and what the next plan will make of it.
fn incomplete(applied: &Applied, done: progress::Applied, destroy: bool) -> String {
    let word = if destroy { "Destroy" } else { "Apply" };
    let mut text = format!(
        "\n{word} incomplete: {} added, {} changed, {} destroyed; {} failed, {} not begun.\n",
        done.added,
        done.changed,
        done.destroyed,
        applied.failed.len(),
        applied.skipped.len()
    );
    for action in &applied.failed {
        text += &format!("  - {}: failed\n", action.address);
    }
    for (action, because) in &applied.skipped {
        let why = if action.address == *because {
            "the run was stopped".to_string()
        } else {
            format!("it waits for {because}")
        };
        text += &format!("  - {}: {why}\n", action.address);
    }
    let nothing = done == progress::Applied::default();
    text += match (nothing, applied.unsaved) {
        (true, _) if applied.partly => {
            "\nWhat failed may be done in part. The next plan tells what it finds of it.\n"
        }
        (true, _) => "\nNothing was done. The next plan begins where this one did.\n",
        (false, true) => "\nWhat was done is not in the state: the error above says where it is.\n",
        (false, false) => "\nWhat was done is in the state. The next plan goes on from there.\n",
    };
    text
}

/// Shows what an apply does while it runs.
pub(super) struct Teller {
    progress: Progress,
    clock: Arc<dyn Clock>,
    json: bool,
    live: bool,
    drawn: usize,
}

impl Teller {
    /// Makes it for a plan.
    pub(super) fn new(
        plan: &Plan,
        json: bool,
        live: bool,
        style: Style,
        clock: Arc<dyn Clock>,
    ) -> Teller {
        Teller { progress: Progress::new(&plan.order, style), clock, json, live, drawn: 0 }
    }

    /// Tells one thing that happened.
    pub(super) fn tell(&mut self, screen: &mut Screen<'_>, event: &ApplyEvent) {
        let now = self.clock.now();
        if self.json {
            let long = self.progress.due(now);
            let text: String = long.iter().map(|long| stream::still(long, now)).collect();
            self.progress.event(event, now);
            screen.print(text + &stream::event(event, now));
            return;
        }
        let lines = self.long(now) + &self.progress.event(event, now);
        self.draw(screen, &lines, now);
    }

    /// Tells that a second has passed.
    pub(super) fn second(&mut self, screen: &mut Screen<'_>) {
        let now = self.clock.now();
        if self.json {
            let long = self.progress.due(now);
            let text: String = long.iter().map(|long| stream::still(long, now)).collect();
            screen.print(text);
            return;
        }
        let lines = self.long(now);
        if self.live || !lines.is_empty() {
            self.draw(screen, &lines, now);
        }
    }

    /// Tells that the run was asked to stop.
    pub(super) fn stopping(&mut self, screen: &mut Screen<'_>, times: u32) {
        let now = self.clock.now();
        let text = self.progress.stopping(times);
        if self.json {
            screen.print(stream::log(text.trim(), now));
            return;
        }
        self.draw(screen, &text, now);
    }

    /// Takes the view away.
    pub(super) fn end(&mut self, screen: &mut Screen<'_>) {
        if self.drawn > 0 {
            screen.print(self.up() + "\x1b[J");
        }
        self.drawn = 0;
    }

    /// Tells of the calls that take long; on a terminal the view does.
    fn long(&mut self, now: Timestamp) -> String {
        if self.live { String::new() } else { self.progress.tick(now) }
    }

    /// Gives what goes up to the view's first line.
    fn up(&self) -> String {
        if self.drawn > 0 { format!("\x1b[{}F", self.drawn) } else { String::new() }
    }

    fn draw(&mut self, screen: &mut Screen<'_>, lines: &str, now: Timestamp) {
        let erase = self.up();
        let view = if self.live { self.progress.live(now, 12) } else { String::new() };
        self.drawn = view.lines().count();
        // Each line is drawn over what stood there, and what is left below is cleared: nothing flickers.
        let drawn = match erase.is_empty() {
            true => format!("{lines}{view}"),
            false => format!("{lines}{view}").replace('\n', "\x1b[K\n") + "\x1b[J",
        };
        screen.print(erase + &drawn);
    }
}
