//! Drift as text: each object that is not as saved, attribute by attribute.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::diff::{Diff, Spot};
use super::style::{Ink, Style, counted};
use crate::addr::Address;
use crate::diag::{Sources, Span};
use crate::plan::Drift;
use crate::schema::Schema;
use crate::value::{Kind, Path, Type, Value};

/// What a report of drift is made with.
pub struct DriftReport<'a> {
    /// The objects that are not as saved.
    pub drift: &'a BTreeMap<Address, Drift>,
    /// How many objects were looked at.
    pub looked_at: usize,
    /// The schemas of the objects.
    pub schema: &'a dyn Fn(&Address, &Drift) -> Option<Arc<Schema>>,
    /// The places of the blocks.
    pub place: &'a dyn Fn(&Address) -> Option<Span>,
    /// The loaded files.
    pub sources: &'a Sources,
}

/// One part that is not as saved; a missing side is null.
pub(super) struct Leaf {
    pub(super) path: Path,
    pub(super) saved: Value,
    pub(super) found: Value,
}

impl DriftReport<'_> {
    /// Gives the parts of an object that differ; all of them sealed as the schema says.
    pub(super) fn leaves(&self, address: &Address, drift: &Drift) -> Vec<Leaf> {
        let schema = (self.schema)(address, drift);
        let seal = |value: &Value| match &schema {
            Some(schema) => schema.sealed(value),
            None => value.clone(),
        };
        let mut leaves = Vec::new();
        if let Some(found) = &drift.found {
            gather(&seal(&drift.saved), &seal(found), &Path::root(), &mut leaves);
        }
        leaves
    }

    /// Gives how many objects changed, and how many are gone.
    pub(super) fn numbers(&self) -> (usize, usize) {
        let gone = self.drift.values().filter(|drift| drift.found.is_none()).count();
        (self.drift.len() - gone, gone)
    }
}

/// Tells drift.
pub fn text(report: &DriftReport<'_>, style: &Style) -> String {
    let style = *style;
    let diff = Diff { style, symbols: true, whole: false, replaces: &[] };
    let mut text = String::new();
    for (address, drift) in report.drift {
        let place = (report.place)(address).map(|span| report.sources.file_line(span));
        let place = place.map(|place| style.paint(Ink::Dim, &format!(" ({place})")));
        let word = if drift.found.is_some() { "has changed" } else { "is gone" };
        let name = style.paint(Ink::Bold, &address.to_string());
        text += &format!("{name} {word}{}\n", place.unwrap_or_default());
        for leaf in report.leaves(address, drift) {
            let (saved, found) = (Some(&leaf.saved), Some(&leaf.found));
            let act = super::diff::act(saved, found);
            let value = diff.value(saved, found, &Spot::new(0));
            text += &format!("{}{} = {value}\n", diff.lead(0, act), leaf.path);
        }
        text += "\n";
    }
    let looked_at = counted(report.looked_at, "object");
    let (changed, gone) = report.numbers();
    if changed + gone == 0 {
        let head = style.paint(Ink::BoldGreen, "No drift.");
        let verb = if report.looked_at == 1 { "is" } else { "are" };
        return format!("{head} {looked_at} {verb} as saved.\n");
    }
    let head = style.paint(Ink::Bold, "Drift:");
    format!("{text}{head} {changed} changed, {gone} gone, of {looked_at}.\n")
}

/// Walks both sides down to the parts that differ.
fn gather(saved: &Value, found: &Value, path: &Path, leaves: &mut Vec<Leaf>) {
    if saved == found || (saved.is_null() && found.is_null()) {
        return;
    }
    let whole = |leaves: &mut Vec<Leaf>| {
        leaves.push(Leaf { path: path.clone(), saved: saved.clone(), found: found.clone() });
    };
    if saved.is_sensitive() || found.is_sensitive() {
        return whole(leaves);
    }
    match (saved.kind(), found.kind()) {
        (Kind::Object(before), Kind::Object(after))
        | (Kind::Map(_, before), Kind::Map(_, after)) => {
            let is_map = matches!(saved.kind(), Kind::Map(..));
            let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
            names.sort();
            names.dedup();
            let none = Value::null(Type::Any);
            for name in names {
                let path = if is_map { path.key(name) } else { path.attribute(&**name) };
                let (before, after) = (before.get(name), after.get(name));
                gather(before.unwrap_or(&none), after.unwrap_or(&none), &path, leaves);
            }
        }
        (
            Kind::List(_, before) | Kind::Tuple(before),
            Kind::List(_, after) | Kind::Tuple(after),
        ) if before.len() == after.len() => {
            for (place, (before, after)) in before.iter().zip(after.iter()).enumerate() {
                gather(before, after, &path.place(place), leaves);
            }
        }
        _ => whole(leaves),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::super::plan::tests::{change, value};
    use super::*;
    use crate::plan::Verb;

    pub(crate) fn sample() -> BTreeMap<Address, Drift> {
        let saved = value(json!({
            "labels": { "a": "b" }, "list": [{ "x": 1 }, { "x": 2 }], "gone": "g", "key": "!k", "same": 1,
        }));
        let found = value(json!({
            "labels": { "a": "c", "new": "n" }, "list": [{ "x": 1 }, { "x": 3 }], "gone": null, "key": "!l",
            "same": 1,
        }));
        let provider = change(Verb::Keep { before: saved.clone() }).provider;
        let drift = |saved: &Value, found| Drift {
            saved: saved.clone(),
            found,
            paths: Vec::new(),
            provider: provider.clone(),
        };
        [
            ("a.b".parse().unwrap(), drift(&saved, Some(found))),
            ("a.c".parse().unwrap(), drift(&saved, None)),
        ]
        .into()
    }

    pub(crate) fn told(
        drift: &BTreeMap<Address, Drift>,
        tell: impl Fn(&DriftReport<'_>) -> String,
    ) -> String {
        tell(&DriftReport {
            drift,
            looked_at: 14,
            schema: &|_, _| None,
            place: &|_| None,
            sources: &Sources::default(),
        })
    }

    #[test]
    fn drift_is_told_part_by_part_and_without_secrets() {
        let text = told(&sample(), |report| text(report, &Style::default()));

        let expected = "a.b has changed
  - gone = \"g\" -> null
  ~ key = (sensitive value)
  ~ labels.a = \"b\" -> \"c\"
  + labels.new = \"n\"
  ~ list[1].x = 2 -> 3

a.c is gone

Drift: 1 changed, 1 gone, of 14 objects.
";
        assert_eq!(text, expected);
    }

    #[test]
    fn no_drift_is_told_as_such() {
        let text = told(&BTreeMap::new(), |report| text(report, &Style::default()));

        assert_eq!(text, "No drift. 14 objects are as saved.\n");
    }
}
