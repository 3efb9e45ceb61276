//! From a plan to findings: state against live, and configuration against live.
//!
//! The plan is one that only reads: what it found is in `Plan::drift`, and what it would do says where the configuration and the
//! live object are apart.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::classify::classify;
use super::{Attribute, Class, Finding, Kind, Report};
use crate::addr::{Address, Mode};
use crate::config::{Config, IgnoreChanges};
use crate::diag::{Sources, Span};
use crate::eval::{Inputs, ProviderRef};
use crate::plan::{Change, Drift, Plan, Verb};
use crate::providers::habits;
use crate::providers::rest::habits::{Habits, Pattern};
use crate::review::parts::{Differing, differing};
use crate::review::trace::Tracer;
use crate::schema::Schema;
use crate::value::{Kind as Form, Path, PathStep, Value};

/// What findings are made of.
pub struct Given<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The configuration that it was made from.
    pub config: &'a Config,
    /// Its texts.
    pub sources: &'a Sources,
    /// The variables' values.
    pub inputs: &'a Inputs,
    /// The schema of a type of a provider.
    pub schema: &'a dyn Fn(&Address, &ProviderRef) -> Option<Arc<Schema>>,
}

/// Makes the findings of a plan; whose doing they are is not known yet, but for what the books say.
pub fn gather(given: &Given<'_>) -> Report {
    let tracer = Tracer::new(given.config, given.sources, given.inputs);
    let mut report = Report::default();
    let mut findings: BTreeMap<Address, Finding> = BTreeMap::new();
    for (address, drift) in &given.plan.drift {
        let change = given.plan.changes.get(&(address.clone(), None));
        if let Some(finding) = drifted(given, &tracer, address, drift, change) {
            findings.insert(address.clone(), finding);
        }
    }
    for ((address, deposed), change) in &given.plan.changes {
        if deposed.is_none()
            && address.mode == Mode::Managed
            && !findings.contains_key(address)
            && let Some(finding) = unapplied(given, &tracer, address, change)
        {
            findings.insert(address.clone(), finding);
        }
    }
    for (address, added) in &given.plan.past.added {
        if let Some(finding) = findings.get_mut(address) {
            add(given, &tracer, finding, added);
        } else if let Some(change) = given.plan.changes.get(&(address.clone(), None)) {
            let mut finding = finding(given, address, &change.provider, Kind::Changed);
            finding.id = change.verb.before().map(id_of).unwrap_or_default();
            add(given, &tracer, &mut finding, added);
            findings.insert(address.clone(), finding);
        }
    }
    for (address, finding) in &mut findings {
        let touches = given.plan.past.touches.get(address).cloned().unwrap_or_default();
        classify(finding, touches);
        if finding.kind == Kind::Missing
            && given.plan.drift.get(address).is_some_and(|of| goes(address, of))
        {
            finding.class = Class::Service;
        }
    }
    report.notes = given.plan.past.notes.clone();
    report.unread = given.plan.past.unread.clone();
    report.is_unsure = given.plan.past.is_unsure;
    for (address, finding) in findings {
        match ignored_by_block(given, &address) {
            Some(ignore) => split(finding, &ignore, &mut report),
            None => report.findings.push(finding),
        }
    }
    let here = given.plan.prior.objects.keys().filter(|of| of.mode == Mode::Managed).count();
    let gone = given.plan.drift.values().filter(|drift| drift.found.is_none()).count();
    report.looked_at = (here + gone).saturating_sub(report.unread.len());
    report
}

/// Says whether the service removes an object by itself.
fn goes(address: &Address, drift: &Drift) -> bool {
    habits::of(&address.type_name).goes(&drift.saved)
}

/// Adds to a finding what others have added to the object, where reading it does not tell.
fn add(given: &Given<'_>, tracer: &Tracer<'_>, finding: &mut Finding, added: &[(Path, Value)]) {
    let Some(address) = finding.address.clone() else { return };
    let habits = habits::of(&address.type_name);
    let schema = finding.provider.as_ref().and_then(|of| (given.schema)(&address, of));
    for (path, live) in added {
        if finding.attributes.iter().any(|known| overlap(&known.path, path)) {
            continue;
        }
        let secret = schema.as_ref().is_some_and(|schema| is_secret(schema, path));
        let live = if secret { live.clone().sensitive() } else { live.clone() };
        let class = match habits.is_by_service(path, &live) {
            true => Class::Service,
            false => Class::Unknown,
        };
        let place = written_at(tracer, &address, path);
        let (path, live) = (path.clone(), Some(live));
        let (recorded, configured, touch) = (None, None, None);
        finding.attributes.push(Attribute {
            path,
            recorded,
            configured,
            live,
            class,
            place,
            touch,
        });
    }
}

/// Says whether a part, or what it is in, must not be shown.
fn is_secret(schema: &Schema, path: &Path) -> bool {
    let mut fields = &schema.fields;
    for step in &path.0 {
        let PathStep::Attribute(name) = step else { continue };
        let Some(field) = fields.get(name) else { return false };
        if field.sensitive {
            return true;
        }
        match field.inside() {
            Some(block) => fields = &block.fields,
            None => return false,
        }
    }
    false
}

/// Makes the finding of an object that is not as recorded.
fn drifted(
    given: &Given<'_>,
    tracer: &Tracer<'_>,
    address: &Address,
    drift: &Drift,
    change: Option<&Change>,
) -> Option<Finding> {
    let schema = (given.schema)(address, &drift.provider);
    let habits = habits::of(&address.type_name);
    let mut finding = finding(given, address, &drift.provider, Kind::Missing);
    let known = drift.found.as_ref().unwrap_or(&drift.saved);
    finding.id = id_of(known);
    let Some(found) = &drift.found else { return Some(finding) };
    finding.kind = Kind::Changed;
    let sides = Verb::Update { before: drift.saved.clone(), after: found.clone() };
    let parts = differing(&sides, schema.as_deref());
    let parts = without_repeats(&habits, parts);
    if parts.iter().any(|part| is_other(&habits, part)) {
        finding.kind = Kind::Replaced;
    }
    let whole = change.and_then(|change| change.verb.after().cloned());
    for part in parts {
        finding.attributes.push(attribute(tracer, &habits, address, part, found, change));
    }
    if let (Some(change), Some(_)) = (change, whole) {
        // What the state has taken in from outside before, and what is edited and not applied.
        for attribute in open(tracer, &habits, address, change, schema.as_deref()) {
            let apart = |of: &Attribute| !overlap(&of.path, &attribute.path);
            if finding.attributes.iter().all(apart) {
                finding.attributes.push(Attribute {
                    recorded: drift.saved.at(&attribute.path).cloned(),
                    ..attribute
                });
            }
        }
    }
    if finding.attributes.is_empty() {
        return None;
    }
    finding.class = gravest(&finding);
    Some(finding)
}

/// Makes the finding of an object that is as recorded, and written otherwise.
fn unapplied(
    given: &Given<'_>,
    tracer: &Tracer<'_>,
    address: &Address,
    change: &Change,
) -> Option<Finding> {
    if !matches!(change.verb, Verb::Update { .. } | Verb::Replace { .. }) {
        return None;
    }
    let schema = (given.schema)(address, &change.provider);
    let habits = habits::of(&address.type_name);
    let mut finding = finding(given, address, &change.provider, Kind::Unapplied);
    finding.id = change.verb.before().map(id_of).unwrap_or_default();
    finding.attributes = open(tracer, &habits, address, change, schema.as_deref());
    if finding.attributes.is_empty() {
        return None;
    }
    finding.class = gravest(&finding);
    Some(finding)
}

/// Gives the parts in which what is written and what is live are apart.
fn open(
    tracer: &Tracer<'_>,
    habits: &Habits,
    address: &Address,
    change: &Change,
    schema: Option<&Schema>,
) -> Vec<Attribute> {
    let (Some(config), Some(live)) = (&change.config, change.verb.before()) else {
        return Vec::new();
    };
    if !matches!(change.verb, Verb::Update { .. } | Verb::Replace { .. }) {
        return Vec::new();
    }
    let parts = differing(&change.verb, schema);
    // What only the service says is no edit.
    let said = |part: &Differing| {
        let known = part.after.as_ref().is_none_or(Value::is_whole);
        known || part_at(config, &part.path).is_some_and(|value| !value.is_null())
    };
    let parts = without_repeats(habits, parts.into_iter().filter(said).collect());
    parts
        .into_iter()
        .map(|part| {
            let part =
                Differing { path: part.path, before: part.before.clone(), after: part.before };
            attribute(tracer, habits, address, part, live, Some(change))
        })
        .collect()
}

fn attribute(
    tracer: &Tracer<'_>,
    habits: &Habits,
    address: &Address,
    part: Differing,
    live: &Value,
    change: Option<&Change>,
) -> Attribute {
    let Differing { path, before: recorded, after } = part;
    let secret = [&recorded, &after].into_iter().flatten().any(Value::is_sensitive);
    let mut configured = change.and_then(|change| configured(change, &path, live));
    if secret {
        configured = configured.map(Value::sensitive);
    }
    let class = match habits.is_by_service(&path, live) {
        true => Class::Service,
        false => Class::Unknown,
    };
    let place = written_at(tracer, address, &path);
    Attribute { path, recorded, configured, live: after, class, place, touch: None }
}

/// Gives what the configuration makes of a part: what it says, or what it would set where it says nothing.
fn configured(change: &Change, path: &Path, live: &Value) -> Option<Value> {
    let there = |value: &Value| !value.is_null();
    let said =
        change.config.as_ref().and_then(|config| part_at(config, path)).filter(|of| there(of));
    if let Some(said) = said {
        return Some(said.clone());
    }
    let after = part_at(change.verb.after()?, path);
    let is = part_at(live, path);
    let plain = |value: Option<&Value>| value.filter(|of| there(of)).map(Value::without_marks);
    if plain(after) == plain(is) || change.verb.is_keep() {
        return None;
    }
    match after {
        Some(after) if after.is_whole() && there(after) => Some(after.clone()),
        _ => None,
    }
}

/// Gives the place of the expression that a part is written by; of one that is not written, of what it is in.
fn written_at(tracer: &Tracer<'_>, address: &Address, path: &Path) -> Option<Span> {
    let mut path = habits::of(&address.type_name).written_as(path);
    while !path.0.is_empty() {
        if let Some((span, _)) = tracer.origins(address, &path) {
            return Some(span);
        }
        path.0.pop();
    }
    None
}

/// Takes away what says again what another part says, and what changes along with others.
fn without_repeats(habits: &Habits, parts: Vec<Differing>) -> Vec<Differing> {
    let paths: Vec<Path> = parts.iter().map(|part| part.path.clone()).collect();
    let repeated = |path: &Path| {
        habits.repeats(path).is_some_and(|of| paths.iter().any(|path| overlap(path, &of)))
    };
    // Alone they say nothing either.
    let left = |path: &Path| !repeated(path) && !habits.follows(path);
    parts.into_iter().filter(|part| left(&part.path)).collect()
}

/// Says whether a part tells that the object is another: it has another value there.
fn is_other(habits: &Habits, part: &Differing) -> bool {
    habits.is_identity(&part.path) && part.before.is_some() && part.after.is_some()
}

pub(super) fn overlap(one: &Path, other: &Path) -> bool {
    let names = |path: &Path| path.0.iter().map(step_name).collect::<Vec<String>>();
    names(one).iter().zip(&names(other)).all(|(one, other)| one == other)
}

/// Gives a part of a value; of a set that has one element, a place is that one.
pub(super) fn part_at<'v>(value: &'v Value, path: &Path) -> Option<&'v Value> {
    path.0.iter().try_fold(value, |value, step| {
        let one = value.elements().filter(|_| matches!(value.kind(), Form::Set(..)));
        match (one, step) {
            (Some([only]), PathStep::Index(index)) if index.as_i64() == Some(0) => Some(only),
            _ => value.at(&Path(vec![step.clone()])),
        }
    })
}

fn step_name(step: &PathStep) -> String {
    Path(vec![step.clone()]).to_string().trim_matches(['[', ']', '"']).to_string()
}

fn id_of(value: &Value) -> String {
    value.field("id").and_then(Value::as_str).unwrap_or_default().to_string()
}

fn finding(
    given: &Given<'_>,
    address: &Address,
    provider: &Arc<ProviderRef>,
    kind: Kind,
) -> Finding {
    Finding {
        kind,
        address: Some(address.clone()),
        type_name: address.type_name.clone(),
        id: String::new(),
        provider: Some(provider.clone()),
        place: given.config.resource(address).map(|block| block.span),
        attributes: Vec::new(),
        class: Class::Unknown,
        touches: Vec::new(),
        remedies: Vec::new(),
    }
}

/// Gives the gravest class of a finding's parts; of what has none, that nothing tells.
pub(super) fn gravest(finding: &Finding) -> Class {
    let open = finding.attributes.iter().filter(|of| !of.is_settled());
    let classes = open.map(|attribute| attribute.class).max();
    let all = finding.attributes.iter().map(|attribute| attribute.class).max();
    classes.or(all).unwrap_or(Class::Unknown)
}

/// What a block's own `ignore_changes` says, and its place.
struct BlockIgnores {
    place: Span,
    /// The parts; all where there are none.
    paths: Vec<Pattern>,
}

fn ignored_by_block(given: &Given<'_>, address: &Address) -> Option<BlockIgnores> {
    let block = given.config.resource(address)?;
    match &block.lifecycle.ignore_changes {
        IgnoreChanges::None => None,
        IgnoreChanges::All => Some(BlockIgnores { place: block.span, paths: Vec::new() }),
        IgnoreChanges::Paths(paths) => {
            let place = paths.first().map_or(block.span, |path| path.span);
            let texts = paths.iter().map(|path| given.sources.slice(path.span));
            let paths = texts.filter_map(|text| Pattern::parse(&text.replace('"', ""))).collect();
            Some(BlockIgnores { place, paths })
        }
    }
}

/// Takes the parts that a block ignores out of a finding.
fn split(finding: Finding, ignore: &BlockIgnores, report: &mut Report) {
    if finding.kind != Kind::Changed {
        report.findings.push(finding);
        return;
    }
    let named = |attribute: &Attribute| {
        ignore.paths.is_empty() || ignore.paths.iter().any(|of| of.covers(&attribute.path))
    };
    let reason = "its block ignores changes of it".to_string();
    super::split_off(finding, named, (ignore.place, reason), report);
}
