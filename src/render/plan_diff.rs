//! What differs between two plans, as text and JSON: changes that only one of them has, and those that both have and that
//! come to something else.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::change::block;
use super::diff::{Act, Diff, Spot, act};
use super::json::{Reveal, path as path_json, value as value_json};
use super::loose::loosened;
use super::plan::SchemaOf;
use super::report::Deed;
use super::style::{Ink, Style, counted};
use crate::addr::{Address, Mode};
use crate::plan::{Change, OutputChange, Plan, Verb, digest};
use crate::review::parts::{Differing, differing};
use crate::schema::Schema;
use crate::value::Value;

/// Two plans, held side by side.
pub struct Comparison<'a> {
    digests: [String; 2],
    /// The changes that differ: nothing on a side where a plan does nothing of it.
    changes: Vec<Pair<'a>>,
    /// The outputs that come to something else.
    outputs: Vec<(&'a str, [Option<&'a OutputChange>; 2])>,
}

struct Pair<'a> {
    address: &'a Address,
    deposed: Option<&'a str>,
    sides: [Option<&'a Change>; 2],
    schema: Option<Arc<Schema>>,
}

impl<'a> Comparison<'a> {
    /// Holds two plans side by side.
    pub fn of(a: &'a Plan, b: &'a Plan, schemas: &SchemaOf<'_>) -> Comparison<'a> {
        let mut keys: Vec<_> = a.changes.keys().chain(b.changes.keys()).collect();
        keys.sort();
        keys.dedup();
        let mut changes = Vec::new();
        for key in keys {
            let sides = [a, b].map(|plan| plan.changes.get(key).filter(|change| does(key, change)));
            let same = match sides {
                [None, None] => true,
                [Some(one), Some(other)] => is_same(one, other),
                _ => false,
            };
            if same {
                continue;
            }
            let (address, deposed) = (&key.0, key.1.as_deref());
            let schema = sides[1].or(sides[0]).and_then(|change| schemas(address, change));
            changes.push(Pair { address, deposed, sides, schema });
        }
        let mut names: Vec<&String> = a.outputs.keys().chain(b.outputs.keys()).collect();
        names.sort();
        names.dedup();
        let changed =
            |plan: &'a Plan, name: &str| plan.outputs.get(name).filter(|change| !change.is_keep());
        let outputs =
            names.into_iter().map(|name| (name.as_str(), [changed(a, name), changed(b, name)]));
        let outputs = outputs.filter(|(_, [one, other])| one != other).collect();
        Comparison { digests: [digest::digest(a), digest::digest(b)], changes, outputs }
    }

    /// Says whether applying one does what applying the other does.
    pub fn is_same(&self) -> bool {
        self.digests[0] == self.digests[1] && self.changes.is_empty() && self.outputs.is_empty()
    }
}

fn does((address, _): &(Address, Option<String>), change: &Change) -> bool {
    address.mode != Mode::Ephemeral && (!change.verb.is_keep() || change.importing.is_some())
}

fn is_same(one: &Change, other: &Change) -> bool {
    let plain = |side: Option<&Value>| side.map(Value::without_marks);
    Deed::of(one) == Deed::of(other)
        && one.importing == other.importing
        && plain(one.verb.before()) == plain(other.verb.before())
        && plain(one.verb.after()) == plain(other.verb.after())
}

/// Gives the parts in which what two plans make of an object differs, with secrets marked.
fn parts(pair: &Pair<'_>) -> (&'static str, Vec<Differing>) {
    let [one, other] = pair.sides;
    let both = |side: fn(&Verb) -> Option<&Value>| {
        let sides = one.and_then(|one| side(&one.verb)).zip(other.and_then(|of| side(&of.verb)));
        let (before, after) = sides?;
        let verb = Verb::Update { before: before.clone(), after: after.clone() };
        Some(differing(&verb, pair.schema.as_deref())).filter(|parts| !parts.is_empty())
    };
    match both(Verb::after) {
        Some(parts) => ("planned", parts),
        None => ("found", both(Verb::before).unwrap_or_default()),
    }
}

/// Tells what differs.
pub fn text(of: &Comparison<'_>, style: &Style) -> String {
    let style = *style;
    let [a, b] = &of.digests;
    if of.is_same() {
        return format!("The plans do the same.\n\nDigest: {a}\n");
    }
    let mut text = String::new();
    for (side, name) in [(0, "A"), (1, "B")] {
        let only: Vec<&Pair<'_>> =
            of.changes.iter().filter(|pair| pair.sides[1 - side].is_none()).collect();
        if only.is_empty() {
            continue;
        }
        text += &format!("{}\n", style.paint(Ink::Bold, &format!("Only in {name}:")));
        for pair in only {
            let Some(change) = pair.sides[side] else { continue };
            let deed = Deed::of(change);
            text += &format!("{:>5} {} ({})\n", deed.symbol(), named(pair), deed.word());
        }
        text += "\n";
    }
    let both: Vec<&Pair<'_>> =
        of.changes.iter().filter(|pair| pair.sides.iter().all(Option::is_some)).collect();
    if !both.is_empty() {
        text += &format!("{}\n\n", style.paint(Ink::Bold, "In both, from A to B:"));
    }
    for pair in &both {
        text += &format!("{}\n", changed(pair, style));
    }
    text += &outputs(of, style);
    if of.changes.is_empty() && of.outputs.is_empty() {
        text += "The plans make the same changes. What else their digests are made from differs: the state's lineage, or \
                 the order of calls.\n\n";
    }
    let count =
        |side: usize| of.changes.iter().filter(|pair| pair.sides[1 - side].is_none()).count();
    text += &format!(
        "{} only in A, {} only in B, {} in both and other.\n\nDigest of A: {a}\nDigest of B: {b}\n",
        count(0),
        count(1),
        counted(both.len(), "change")
    );
    text
}

fn named(pair: &Pair<'_>) -> String {
    match pair.deposed {
        Some(key) => format!("{} (deposed object {key})", pair.address),
        None => pair.address.to_string(),
    }
}

fn changed(pair: &Pair<'_>, style: Style) -> String {
    let [Some(one), Some(other)] = pair.sides else { return String::new() };
    let (from, to) = (Deed::of(one), Deed::of(other));
    let mut text = style.paint(Ink::Bold, &format!("  # {}", named(pair)));
    text += &match from == to {
        true => format!(" ({})\n", to.word()),
        false => format!(" ({} in A, {} in B)\n", from.word(), to.word()),
    };
    let (what, parts) = parts(pair);
    if parts.is_empty() {
        return text;
    }
    let side: fn(&Verb) -> Option<&Value> = match what {
        "planned" => Verb::after,
        _ => {
            text += "  # (what was found differs)\n";
            Verb::before
        }
    };
    let diff = Diff { style, symbols: true, whole: false, replaces: &[] };
    let lead = diff.lead(0, Act::Update);
    let sides = (side(&one.verb), side(&other.verb));
    text + &block(&diff, lead.trim_end(), pair.address, pair.schema.as_deref(), sides)
}

fn outputs(of: &Comparison<'_>, style: Style) -> String {
    if of.outputs.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", style.paint(Ink::Bold, "Outputs, from A to B:"));
    let diff = Diff { style, symbols: true, whole: false, replaces: &[] };
    let width = of.outputs.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, sides) in &of.outputs {
        let [before, after] = planned(sides);
        let [old, new] = [&before, &after].map(|side| side.as_ref().map(loosened));
        let act = act(before.as_ref(), after.as_ref());
        let value = diff.value(old.as_deref(), new.as_deref(), &Spot::loose(0));
        text += &format!("{}{name:width$} = {value}\n", diff.lead(0, act));
    }
    text + "\n"
}

/// Gives what an output comes to, sealed where either plan says so.
fn planned(sides: &[Option<&OutputChange>; 2]) -> [Option<Value>; 2] {
    let secret = sides.iter().flatten().any(|of| of.sensitive || of.was_sensitive);
    sides.map(|side| {
        let value = side.and_then(|of| of.after.clone());
        value.map(|value| if secret { value.sensitive() } else { value })
    })
}

/// Gives what differs as a document. Secrets are not in it.
pub fn json(of: &Comparison<'_>) -> Json {
    let value = |side: &Option<Value>| side.as_ref().map(|side| value_json(side, Reveal::No));
    let one = |pair: &Pair<'_>| {
        let mut out = Map::new();
        out.insert("address".into(), pair.address.to_string().into());
        if let Some(key) = pair.deposed {
            out.insert("deposed".into(), key.into());
        }
        for (name, side) in [("action_a", pair.sides[0]), ("action_b", pair.sides[1])] {
            if let Some(change) = side {
                out.insert(name.into(), Deed::of(change).word().into());
            }
        }
        let (what, parts) = parts(pair);
        if !parts.is_empty() {
            let parts = parts.iter().map(|part| {
                json!({ "path": path_json(&part.path), "a": value(&part.before), "b": value(&part.after) })
            });
            out.insert(what.into(), parts.collect());
        }
        Json::Object(out)
    };
    let select = |is: fn(&Pair<'_>) -> bool| -> Json {
        of.changes.iter().filter(|pair| is(pair)).map(one).collect()
    };
    let outputs = of.outputs.iter().map(|(name, sides)| {
        let [a, b] = planned(sides);
        json!({ "name": name, "a": value(&a), "b": value(&b) })
    });
    json!({
        "format_version": "1.0",
        "same": of.is_same(),
        "digest_a": of.digests[0],
        "digest_b": of.digests[1],
        "only_in_a": select(|pair| pair.sides[1].is_none()),
        "only_in_b": select(|pair| pair.sides[0].is_none()),
        "in_both": select(|pair| pair.sides.iter().all(Option::is_some)),
        "outputs": outputs.collect::<Vec<Json>>(),
    })
}
