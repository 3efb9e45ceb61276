//! What commands print: the results given to `render`, and its text to the screen.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::environment::Screen;
use super::workbench::Workbench;
use crate::addr::Address;
use crate::apply::{Applied, Event};
use crate::drift::Report;
use crate::http::Clock;
use crate::plan::{Call, Change, Plan, PlanMode};
use crate::providers::Registry;
use crate::render;
use crate::schema::Schema;
use crate::state::Snapshot;

/// Begins a stream of JSON lines.
pub(super) fn version(workbench: &mut Workbench<'_, '_>) {
    let _ = workbench;
}

fn schema(registry: &Registry, change: &Change, address: &Address) -> Option<Arc<Schema>> {
    registry.provider(&change.provider.source)?.resource(address.mode, &address.type_name)
}

/// Shows a plan.
pub(super) fn plan(workbench: &mut Workbench<'_, '_>, plan: &Plan, registry: &Registry) {
    let style = workbench.style();
    let schemas = |address: &Address, change: &Change| schema(registry, change, address);
    let text = render::plan::plan(plan, &schemas, &workbench.sources, &style);
    workbench.screen.print(text);
}

/// Shows what an apply has done.
pub(super) fn applied(
    workbench: &mut Workbench<'_, '_>,
    plan: &Plan,
    applied: &Applied,
    failed: bool,
) {
    let counts = applied.counts;
    let word = if plan.base.mode == PlanMode::Destroy { "Destroy" } else { "Apply" };
    if failed {
        workbench.screen.print(format!(
            "\n{word} failed: {} added, {} changed, {} destroyed, {} not begun.\n",
            counts.add,
            counts.change,
            counts.destroy,
            applied.skipped.len()
        ));
        return;
    }
    let text = if plan.base.mode == PlanMode::Destroy {
        format!("\nDestroy complete! Resources: {} destroyed.\n", counts.destroy)
    } else {
        format!(
            "\nApply complete! Resources: {} added, {} changed, {} destroyed.\n",
            counts.add, counts.change, counts.destroy
        )
    };
    workbench.screen.print(text);
    for (name, kept) in &applied.snapshot.outputs {
        let shown =
            if kept.sensitive { "<sensitive>".to_string() } else { format!("{:?}", kept.value) };
        workbench.screen.print(format!("{name} = {shown}\n"));
    }
}

/// Shows what an apply does while it runs.
pub(super) struct Progress {
    clock: Arc<dyn Clock>,
}

impl Progress {
    pub(super) fn new(_json: bool, clock: Arc<dyn Clock>) -> Progress {
        Progress { clock }
    }

    pub(super) fn tell(&mut self, screen: &mut Screen<'_>, event: Event) {
        let _ = &self.clock;
        screen.line(format!("{event:?}"));
    }
}

/// Shows what drifted.
pub(super) fn drift(workbench: &mut Workbench<'_, '_>, report: &Report, registry: &Registry) {
    let _ = registry;
    for finding in &report.findings {
        workbench.screen.line(format!("{}: {:?}", finding.address, finding.kind));
    }
}
