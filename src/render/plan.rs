//! A plan as text.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::change::{block, object};
use super::diagnostic;
use super::diff::{Act, Diff, Spot, act};
use super::loose::loosened;
use super::review::{lines, summary as summary_of_review};
use super::style::{Ink, Style};
use crate::addr::{Address, Mode};
use crate::diag::{Sources, gathered};
use crate::plan::{Change, Counts, Drift, OutputChange, Plan, PlanMode, Verb};
use crate::review::Review;
use crate::schema::Schema;
use crate::value::Value;

/// Gives the schema that an address's object is told by.
pub type SchemaOf<'a> = dyn Fn(&Address, &Change) -> Option<Arc<Schema>> + 'a;

/// Tells a plan.
pub fn plan(
    plan: &Plan,
    review: &Review,
    schemas: &SchemaOf<'_>,
    sources: &Sources,
    style: &Style,
) -> String {
    let head = "Terrane will perform the following actions:\n";
    told((plan, review), head, schemas, sources, *style)
}

/// Tells what was planned before a problem was met.
pub fn partial(
    plan: &Plan,
    review: &Review,
    schemas: &SchemaOf<'_>,
    sources: &Sources,
    style: &Style,
) -> String {
    if shown(plan).is_empty() && outputs(plan, *style).is_empty() {
        let mut text = drift(plan, schemas, *style);
        if !text.is_empty() {
            text += &format!("\n{}\n", style.rule());
        }
        let failed = "Planning failed. Terrane encountered an error while generating this plan.\n";
        return text + &style.wrap(failed) + &warnings(plan, sources, *style);
    }
    let head = "Terrane planned the following actions, but then encountered a problem:\n";
    told((plan, review), head, schemas, sources, *style)
}

fn told(
    (plan, review): (&Plan, &Review),
    head: &str,
    schemas: &SchemaOf<'_>,
    sources: &Sources,
    style: Style,
) -> String {
    let mut text = drift(plan, schemas, style);
    let (mut shown, outputs) = (shown(plan), outputs(plan, style));
    if let Some(group) = style.group {
        shown.sort_by_cached_key(|(address, deposed, _)| {
            group.of(address, review.item(address, *deposed))
        });
    }
    if shown.is_empty() && outputs.is_empty() {
        text += &nothing(plan, style);
        return text + &warnings(plan, sources, style);
    }
    if !shown.is_empty() {
        if !style.concise {
            text += &legend(&shown, style);
        }
        text += head;
        let (mut group, mut next) = (None, 0);
        for (address, deposed, change) in &shown {
            text += "\n";
            let item = review.item_from(&mut next, address, *deposed);
            let own = style.group.map(|by| by.of(address, item).1);
            if own != group {
                let name = own.clone().unwrap_or_default();
                text += &format!("{}\n\n", style.paint(Ink::Bold, &format!("{name}:")));
                group = own;
            }
            let beside = item.map(|item| lines(item, sources, style)).unwrap_or_default();
            text += &object(plan, (address, *deposed), change, (schemas, sources), &beside, style);
        }
        text += &summary_of_review(review, sources, style);
        text += "\n";
        text += &summary(plan.counts(), style);
    }
    text += &outputs;
    if !outputs.is_empty() && shown.iter().all(|(_, _, change)| change.verb.is_keep()) {
        text += "\n";
        text += &style.wrap(
            "You can apply this plan to save these new output values to the Terrane state, without changing any real infrastructure.\n",
        );
    }
    text + &warnings(plan, sources, style)
}

/// A change that is told, with its address.
pub(super) type Shown<'p> = (&'p Address, Option<&'p str>, &'p Change);

/// Gives the changes to tell: modules after their parents, data sources first.
pub(super) fn shown(plan: &Plan) -> Vec<Shown<'_>> {
    // Who only refreshes is told what is not as saved, its moves among it.
    if plan.base.mode == PlanMode::RefreshOnly {
        return Vec::new();
    }
    let is_told = |address: &Address, change: &Change| {
        let told = !change.verb.is_keep() || change.importing.is_some();
        // What is opened for the run alone is no change.
        address.mode != Mode::Ephemeral && (told || plan.moves.contains_key(address))
    };
    let mut shown: Vec<Shown<'_>> = plan
        .changes
        .iter()
        .filter(|((address, _), change)| is_told(address, change))
        .map(|((address, deposed), change)| (address, deposed.as_deref(), change))
        .collect();
    shown.sort_by_key(|(address, deposed, _)| {
        let address = *address;
        (
            address.module.len(),
            &address.module,
            address.mode != Mode::Data,
            &address.type_name,
            &address.name,
            &address.key,
            *deposed,
        )
    });
    shown
}

/// Gives the summary line: `Plan: 24 to add, 0 to change, 0 to destroy.`
pub fn summary_line(counts: Counts) -> String {
    let import =
        if counts.import > 0 { format!("{} to import, ", counts.import) } else { String::new() };
    let forget =
        if counts.forget > 0 { format!(", {} to forget", counts.forget) } else { String::new() };
    let Counts { add, change, destroy, .. } = counts;
    format!("Plan: {import}{add} to add, {change} to change, {destroy} to destroy{forget}.")
}

fn summary(counts: Counts, style: Style) -> String {
    let line = summary_line(counts);
    let rest = line.strip_prefix("Plan:").unwrap_or(&line);
    format!("{}{rest}\n", style.paint(Ink::Bold, "Plan:"))
}

fn nothing(plan: &Plan, style: Style) -> String {
    let drifted = plan.drift.iter().any(|(address, drift)| plan.is_relevant(address, drift));
    let (head, rest) = match plan.base.mode {
        // The end of what has drifted says it.
        PlanMode::RefreshOnly if drifted || !plan.moves.is_empty() => return String::new(),
        PlanMode::RefreshOnly => (
            "Your infrastructure still matches the configuration.",
            "Terrane has checked that the real remote objects still match the result of your most recent changes, and found no differences.",
        ),
        PlanMode::Destroy => (
            "No objects need to be destroyed.",
            "Either you have not created any objects yet or the existing objects were already deleted outside of Terrane.",
        ),
        PlanMode::Normal if drifted => (
            "Your infrastructure matches the configuration.",
            "Your configuration already applies the changes detected above. If you'd like to update the Terrane state to match, create and apply a refresh-only plan.",
        ),
        PlanMode::Normal => (
            "Your infrastructure matches the configuration.",
            "Terrane has compared your real infrastructure against your configuration and found no differences, so no changes are needed.",
        ),
    };
    let head =
        format!("{} {}", style.paint(Ink::BoldGreen, "No changes."), style.paint(Ink::Bold, head));
    format!("{head}\n\n{}\n", style.wrap(rest))
}

/// Tells what the symbols of this plan mean.
fn legend(shown: &[Shown<'_>], style: Style) -> String {
    let has = |is: fn(&Verb) -> bool| shown.iter().any(|(_, _, change)| is(&change.verb));
    let create = style.paint(Ink::Create, "+");
    let delete = style.paint(Ink::Delete, "-");
    let rows = [
        (has(|verb| matches!(verb, Verb::Create { .. })), format!("  {create} create")),
        (
            has(|verb| matches!(verb, Verb::Update { .. })),
            format!("  {} update in-place", style.paint(Ink::Update, "~")),
        ),
        (has(|verb| matches!(verb, Verb::Delete { .. })), format!("  {delete} destroy")),
        (
            has(|verb| matches!(verb, Verb::Replace { create_first: false, .. })),
            format!("{delete}/{create} destroy and then create replacement"),
        ),
        (
            has(|verb| matches!(verb, Verb::Replace { create_first: true, .. })),
            format!("{create}/{delete} create replacement and then destroy"),
        ),
        (
            has(|verb| matches!(verb, Verb::Read { .. })),
            format!(" {} read (data resources)", style.paint(Ink::Read, "<=")),
        ),
        (
            has(|verb| matches!(verb, Verb::Forget { .. })),
            format!("  {} forget (no longer managed, not destroyed)", style.paint(Ink::Read, ".")),
        ),
    ];
    let rows: String =
        rows.iter().filter(|(is, _)| *is).map(|(_, row)| format!("{row}\n")).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("Resource actions are indicated with the following symbols:\n{rows}\n")
}

/// Tells what the world has changed; to who only refreshes, what has moved too.
pub(super) fn drift(plan: &Plan, schemas: &SchemaOf<'_>, style: Style) -> String {
    let mut told: BTreeMap<&Address, Option<&Drift>> =
        plan.drift.iter().map(|(address, drift)| (address, Some(drift))).collect();
    told.retain(|address, drift| drift.is_some_and(|drift| plan.is_relevant(address, drift)));
    if plan.base.mode == PlanMode::RefreshOnly {
        for moved in plan.moves.keys() {
            told.entry(moved).or_default();
        }
    }
    if told.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "{}{}\n\n",
        style.paint(Ink::Read, "Note: "),
        style.paint(Ink::Bold, "Objects have changed outside of Terrane")
    );
    text += &style.wrap("Terrane detected the following changes made outside of Terrane since the last \"terrane apply\" which may have affected this plan:\n");
    for (address, drift) in told {
        let one = drifted(plan, address, drift, schemas, style);
        text += &one.map(|one| format!("\n{one}")).unwrap_or_default();
    }
    text += "\n";
    if plan.base.mode == PlanMode::RefreshOnly {
        text += &style.wrap("This is a refresh-only plan, so Terrane will not take any actions to undo these. If you were expecting these changes then you can apply this plan to record the updated values in the Terrane state without changing any remote objects.\n");
    } else if !plan.is_empty() {
        text += &style.wrap("Unless you have made equivalent changes to your configuration, the following plan may include actions to undo or respond to these changes.\n");
        text += "\n";
        text += &style.rule();
        text += "\n";
    }
    text
}

fn drifted(
    plan: &Plan,
    address: &Address,
    drift: Option<&Drift>,
    schemas: &SchemaOf<'_>,
    style: Style,
) -> Option<String> {
    let change = plan.changes.get(&(address.clone(), None));
    let schema = change.and_then(|change| schemas(address, change));
    let moved = plan.moves.get(address).filter(|_| plan.base.mode == PlanMode::RefreshOnly);
    let kept = change.and_then(|change| change.verb.before());
    let saved = drift.map(|drift| &drift.saved).or(kept)?;
    let found = drift.map_or(kept, |drift| drift.found.as_ref());
    let bold = |text: &str| style.paint(Ink::Bold, text);
    let (head, act) = match (drift, moved) {
        (Some(_), _) if found.is_some() => {
            (format!("{} has changed", bold(&format!("  # {address}"))), Act::Update)
        }
        (Some(_), _) => {
            (format!("{} has been deleted", bold(&format!("  # {address}"))), Act::Delete)
        }
        (None, from) => {
            let to = bold(&address.to_string());
            (format!("  # {} has moved to {to}", from?), Act::Keep)
        }
    };
    let diff = Diff { style, symbols: true, whole: false, replaces: &[] };
    let lead = match act {
        Act::Keep => "   ".to_string(),
        _ => diff.lead(0, act).trim_end().to_string(),
    };
    let block = block(&diff, &lead, address, schema.as_deref(), (Some(saved), found));
    Some(format!("{head}\n{block}"))
}

pub(super) fn outputs(plan: &Plan, style: Style) -> String {
    // What differs in its type alone, or in who may see it, looks the same.
    let looks_other = |change: &OutputChange| {
        let [before, after] = [&change.before, &change.after].map(|side| {
            let open = side.as_ref().map(loosened);
            open.map(|value| value.without_marks())
        });
        before != after
    };
    let changed = || {
        let all = plan.outputs.iter();
        all.filter(|(_, change)| !change.is_keep() && looks_other(change))
    };
    if changed().next().is_none() {
        return String::new();
    }
    let mut text = format!("\n{}\n", style.paint(Ink::Bold, "Changes to Outputs:"));
    let diff = Diff { style, symbols: true, whole: false, replaces: &[] };
    let width = plan.outputs.keys().map(String::len).max().unwrap_or_default();
    for (name, change) in changed() {
        let seal = |value: &Option<Value>| {
            let value = value.clone();
            value.map(|value| if change.sensitive { value.sensitive() } else { value })
        };
        let (before, after) = (seal(&change.before), seal(&change.after));
        let act = match (&before, &after) {
            (None, Some(_)) => Act::Create,
            (Some(_), None) => Act::Delete,
            (before, after) => act(before.as_ref(), after.as_ref()),
        };
        let [old, new] = [&before, &after].map(|side| side.as_ref().map(loosened));
        let value = diff.value(old.as_deref(), new.as_deref(), &Spot::loose(0));
        text += &format!("{}{name:width$} = {value}\n", diff.lead(0, act));
    }
    text
}

fn warnings(plan: &Plan, sources: &Sources, style: Style) -> String {
    let tell = |problem| format!("\n{}", diagnostic::one(problem, sources, &style));
    gathered(&plan.warnings).iter().map(tell).collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
pub(crate) mod tests;
