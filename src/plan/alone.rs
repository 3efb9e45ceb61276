//! Blocks that speak of one object: each would write over what the other wants, and whichever is removed takes it away.

use std::collections::BTreeMap;

use super::sessions::Sessions;
use super::{Change, Plan};
use crate::addr::{Address, Mode};
use crate::diag::Diagnostic;
use crate::value::Value;

/// Warns of instances that want an object of the same type and id.
pub(super) fn shared(plan: &Plan, sessions: &Sessions<'_>) -> Vec<Diagnostic> {
    let mut wanted: BTreeMap<Key<'_>, Vec<(&Address, &Change)>> = BTreeMap::new();
    for ((address, deposed), change) in &plan.changes {
        if address.mode != Mode::Managed || deposed.is_some() {
            continue;
        }
        let Some(key) = change.verb.after().and_then(|after| key(address, change, after)) else {
            continue;
        };
        let provider = sessions.provider(&change.provider);
        if provider.is_some_and(|provider| provider.is_one(&address.type_name)) {
            wanted.entry(key).or_default().push((address, change));
        }
    }
    let shared = wanted.into_iter().filter(|(_, of)| of.len() > 1);
    shared.map(|(key, of)| told(key.id, &of)).collect()
}

/// What names one object: what its provider speaks to, its type, the project where its id does not have it, its id.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    alias: Option<&'a str>,
    module: &'a [String],
    type_name: &'a str,
    project: Option<&'a str>,
    id: &'a str,
}

fn key<'a>(address: &'a Address, change: &'a Change, after: &'a Value) -> Option<Key<'a>> {
    let text = |name: &str| {
        let field = after.field(name).filter(|field| !field.is_sensitive());
        field.and_then(Value::as_str)
    };
    let provider = &change.provider;
    Some(Key {
        alias: provider.alias.as_deref(),
        module: &provider.module,
        type_name: &address.type_name,
        project: text("project"),
        id: text("id")?,
    })
}

fn told(id: &str, of: &[(&Address, &Change)]) -> Diagnostic {
    let names: Vec<String> = of.iter().map(|(address, _)| address.to_string()).collect();
    let detail = format!(
        "{} speak of one object, \"{id}\": only one of them can make it, and whichever is removed takes it from the others.",
        names.join(" and ")
    );
    let problem = Diagnostic::warning("One object in several blocks", detail)
        .help("Take all but one of them away, or choose other names.");
    match of.iter().rev().find_map(|(_, change)| change.span) {
        Some(span) => problem.at(span, ""),
        None => problem,
    }
}
