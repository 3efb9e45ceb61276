//! What is counted of drift while it is watched.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Report;

/// What was counted so far.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    /// How many findings stand, by class, kind and resource type.
    pub objects: BTreeMap<(&'static str, &'static str, String), usize>,
    /// How many objects were looked at by the last whole check.
    pub looked_at: usize,
    /// How many checks were done, whole ones and those of single objects.
    pub checks: u64,
    /// How many of them failed.
    pub failures: u64,
    /// When the last whole check was done.
    pub last_success: Option<Timestamp>,
    /// When the last whole check failed.
    pub last_failure: Option<Timestamp>,
    /// How many answers there were.
    pub calls: u64,
    /// How many alarms were told.
    pub alarms: u64,
    /// How many of them wait for who is called back.
    pub waiting: usize,
    /// How many of them nobody took.
    pub dropped: u64,
    /// How many sessions tell of changes at once.
    pub followed: usize,
    /// How many changes they told.
    pub told: u64,
}

impl Measures {
    /// Takes in a whole report.
    pub fn take(&mut self, report: &Report) {
        self.objects.clear();
        for finding in &report.findings {
            let key = (finding.class.word(), finding.kind.word(), finding.type_name.clone());
            *self.objects.entry(key).or_default() += 1;
        }
        self.looked_at = report.looked_at;
    }
}
