//! Prior and observed to findings: what was changed behind the state's back.

use crate::addr::Address;
use crate::config::Config;
use crate::diag::Span;
use crate::plan::decide::differences;
use crate::plan::{Drift, Plan};
use crate::value::{Path, Value};

/// What is not as saved.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The objects, by address.
    pub findings: Vec<Finding>,
    /// How many objects were looked at.
    pub looked_at: usize,
}

/// One object that is not as saved.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its address.
    pub address: Address,
    /// What became of it.
    pub kind: FindingKind,
    /// The place of its block's header, where it has a block.
    pub span: Option<Span>,
    /// Its provider's source.
    pub provider: String,
}

/// What became of an object.
#[derive(Clone, Debug)]
pub enum FindingKind {
    /// It is gone.
    Missing {
        /// As saved.
        saved: Value,
    },
    /// It has changed.
    Changed {
        /// As saved.
        saved: Value,
        /// As found.
        found: Value,
        /// The parts that differ.
        paths: Vec<Path>,
    },
}

impl Report {
    /// Says whether everything is as saved.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Makes the report of a plan that read everything anew.
pub fn report(plan: &Plan, config: &Config) -> Report {
    let finding = |(address, drift): (&Address, &Drift)| {
        let kind = match &drift.found {
            None => FindingKind::Missing { saved: drift.saved.clone() },
            Some(found) => FindingKind::Changed {
                saved: drift.saved.clone(),
                found: found.clone(),
                paths: differences(&drift.saved, found),
            },
        };
        let span = config.resource(address).map(|block| block.span);
        Finding { address: address.clone(), kind, span, provider: drift.provider.source.clone() }
    };
    let findings: Vec<Finding> = plan.drift.iter().map(finding).collect();
    let gone =
        findings.iter().filter(|found| matches!(found.kind, FindingKind::Missing { .. })).count();
    let here =
        plan.prior.objects.keys().filter(|address| address.mode == crate::addr::Mode::Managed);
    Report { looked_at: here.count() + gone, findings }
}
