//! Planning a manifest: what of it the object does not have, what of it is gone, and what cannot change in place.

use std::collections::BTreeMap;

use crate::value::{Kind as Content, Path, PathStep, Type, Value};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::super::{OFFLINE, PlanRequest, Planned, Problem};
use super::super::definitions::bundled;
use super::super::equal::quantity;
use super::super::memory::Memory;
use super::super::tables::Nodes;
use super::body::{Who, manifest};
use super::check::{check, problem, shape};
use super::kinds::{DEFINITION, Known, typed};
use super::merged::merged;
use super::same::{lacking, unsaid};
use super::versions::{Version, current};

/// Fields that no definition of ours says of that they cannot change.
const FIXED: &[(&str, &[&str])] = &[
    (DEFINITION, &["spec.group", "spec.names.kind", "spec.names.plural", "spec.scope"]),
    ("APIService", &["spec.group", "spec.version"]),
];

/// Groups that kinds moved to: the same object has both.
const MOVED: &[(&str, &[&str])] = &[("extensions", &["apps", "networking.k8s.io", "policy"])];

/// Plans one manifest.
pub(in super::super) fn plan(request: &PlanRequest<'_>) -> Planned {
    let written = request.config.field("manifest").cloned();
    let written = written.unwrap_or_else(|| Value::unknown(Type::Any));
    let (written, version) = current(&written);
    let Some(who) = Who::of(&written) else { return unrecognised(request, written) };
    let known = Known::of(&who, request.offered);
    let new = || {
        let value = request.proposed.with_field("manifest", written.clone());
        value.with_field("object", planned_object(&written, &who, &known))
    };
    let (after, replaces) = match request.prior {
        None => (new(), Vec::new()),
        Some(prior) => match existing(request, prior, &written, &who, &known) {
            Become::Same => {
                let kept = |name: &str| {
                    prior.field(name).cloned().unwrap_or_else(|| Value::null(Type::Any))
                };
                let value = request.proposed.with_field("manifest", kept("manifest"));
                (value.with_field("object", kept("object")), Vec::new())
            }
            Become::Changed(object) => {
                let value = request.proposed.with_field("manifest", written.clone());
                (value.with_field("object", object), Vec::new())
            }
            Become::Replaced(paths) => (new(), paths),
        },
    };
    let changes = request.prior.is_none_or(|prior| prior.without_marks() != after.without_marks());
    let (problems, notes) = match changes {
        true => remarks(&written, &who, &known, &version, request.minor),
        false => (Vec::new(), Vec::new()),
    };
    Planned { after, replaces, problems, notes }
}

/// What becomes of an object that is there.
enum Become {
    Same,
    Changed(Value),
    Replaced(Vec<Path>),
}

/// Plans what is not known to be of any kind yet.
fn unrecognised(request: &PlanRequest<'_>, written: Value) -> Planned {
    let mut problems = shape(&written);
    if request.prior.is_some() && problems.is_empty() {
        let detail = "`apiVersion` and `kind` say which object this is. They are not known before the apply, and the \
                      object exists already.";
        problems.push(problem(&Path::root(), "Object without identity", detail));
    }
    let after = request.proposed.with_field("manifest", written);
    let after = after.with_field("object", Value::unknown(Type::Any));
    Planned { after, replaces: Vec::new(), problems, notes: Vec::new() }
}

fn remarks(
    written: &Value,
    who: &Who,
    known: &Known,
    version: &Version,
    minor: Option<u32>,
) -> (Vec<Problem>, Vec<String>) {
    let named = bundled().named(minor);
    let mut notes = Vec::new();
    match version {
        Version::Served => {}
        Version::Brought(from, to) => {
            notes.push(format!("written for {from}, which is served no more: applied as {to}"));
        }
        Version::Gone(help) => {
            let detail =
                format!("Kubernetes {named} does not serve {} of {}.", who.kind, who.api_version);
            let mut gone =
                problem(&Path::root().attribute("apiVersion"), "Removed API version", detail);
            gone.help.push(help.clone());
            return (vec![gone], notes);
        }
    }
    let absent = bundled().absent(&who.api_version, &who.kind);
    if absent.is_in(minor) && !known.is_custom() {
        let (kind, version) = (&who.kind, &who.api_version);
        let detail =
            format!("Kubernetes {named} does not serve {kind} of {version}.{}", absent.hint());
        let place = Path::root().attribute("apiVersion");
        return (
            vec![problem(&place, "API version not in this Kubernetes version", detail)],
            notes,
        );
    }
    let problems = check(written, who, known, minor);
    let note = match (known.part().is_some(), &known.kind) {
        (true, _) if known.is_custom() => {
            format!("{OFFLINE}definition of {} in this plan", who.kind)
        }
        (true, _) => format!("{OFFLINE}bundled definitions of Kubernetes {named}"),
        (false, Some(_)) => format!("the fields of {} are checked by the cluster alone", who.kind),
        (false, None) => format!(
            "{} of {} is defined neither by Kubernetes {named} nor in this plan: only the cluster knows it",
            who.kind, who.api_version
        ),
    };
    notes.push(note);
    (problems, notes)
}

fn existing(
    request: &PlanRequest<'_>,
    prior: &Value,
    written: &Value,
    who: &Who,
    known: &Known,
) -> Become {
    let (Some(was), Some(there)) = (manifest(prior), prior.field("object")) else {
        return Become::Changed(Value::unknown(Type::Any));
    };
    let moved = identity(&was, who, known);
    if !moved.is_empty() {
        return Become::Replaced(moved);
    }
    let lens = known.lens(who);
    let (wanted, before) = (folded(written), folded(&was));
    let imported = Memory::read(request.private).imported;
    let computed = computed(request.config);
    let counts = |path: &Path| is_compared(path, &computed);
    let mut changed = lacking(&wanted, Some(there), lens);
    let mut gone = Vec::new();
    if !imported {
        changed.extend(unsaid(&wanted, Some(&before), lens));
        gone = unsaid(&before, Some(&wanted), lens);
    }
    changed.retain(counts);
    gone.retain(|path| counts(path) && is_there(there, &before, path));
    if changed.is_empty() && gone.is_empty() {
        return Become::Same;
    }
    let fixed = immutable(who, &wanted, there, changed.iter().chain(&gone));
    if !fixed.is_empty() {
        return Become::Replaced(fixed);
    }
    Become::Changed(merged(there, &wanted, &gone, lens))
}

/// Says whether an object has all that its manifest says.
pub(super) fn is_as_written(value: &Value, object: &Value) -> bool {
    let Some((written, who)) = manifest(value).and_then(|it| Who::of(&it).map(|who| (it, who)))
    else {
        return false;
    };
    let known = Known::of(&who, &BTreeMap::new());
    let computed = computed(value);
    let lacks = lacking(&folded(&written), Some(object), known.lens(&who));
    lacks.iter().all(|path| !is_compared(path, &computed))
}

/// Says whether a part of a manifest is held against the object.
fn is_compared(path: &Path, computed: &[String]) -> bool {
    let dotted = dotted(path);
    let is_own = |name: &String| dotted == *name || dotted.starts_with(&format!("{name}."));
    !["status", "metadata.namespace"].contains(&dotted.as_str()) && !computed.iter().any(is_own)
}

/// Says whether an object has what a manifest said at a path; of an element of a list that is not looked for.
fn is_there(object: &Value, manifest: &Value, path: &Path) -> bool {
    let through_list = path.0.iter().any(|step| matches!(step, PathStep::Index(_)));
    through_list
        || manifest.at(path).is_none()
        || object.at(path).is_some_and(|part| !part.is_null())
}

/// Gives what makes another object of it.
fn identity(was: &Value, who: &Who, known: &Known) -> Vec<Path> {
    let Some(former) = Who::of(was) else { return Vec::new() };
    let root = Path::root().attribute("manifest");
    let metadata = root.attribute("metadata");
    let mut found = Vec::new();
    let moved =
        |from: &str, to: &str| MOVED.iter().any(|(old, new)| *old == from && new.contains(&to));
    let (from, to) = (former.group(), who.group());
    if from != to && !moved(from, to) && !moved(to, from) {
        found.push(root.attribute("apiVersion"));
    }
    if former.kind != who.kind {
        found.push(root.attribute("kind"));
    }
    if former.name != who.name {
        found.push(metadata.attribute("name"));
    }
    let namespaced = known.kind.as_ref().is_none_or(|kind| kind.namespaced);
    let of = |who: &Who| {
        if who.namespace.is_empty() { "default".to_string() } else { who.namespace.clone() }
    };
    if namespaced && of(&former) != of(who) {
        found.push(metadata.attribute("namespace"));
    }
    found
}

/// Gives the paths that are not compared.
fn computed(config: &Value) -> Vec<String> {
    let listed = config.field("computed_fields").and_then(Value::elements).unwrap_or_default();
    listed.iter().filter_map(Value::as_str).map(String::from).collect()
}

/// Writes a path as people do in `computed_fields`.
fn dotted(path: &Path) -> String {
    let steps = path.0.iter().map(|step| match step {
        PathStep::Attribute(name) => name.clone(),
        PathStep::Index(index) => match index.as_str() {
            Some(key) => key.to_string(),
            None => index.as_i64().unwrap_or_default().to_string(),
        },
    });
    steps.collect::<Vec<_>>().join(".")
}

/// Gives a Secret's texts as the bytes that the server keeps them as.
pub(super) fn folded(manifest: &Value) -> Value {
    let texts = manifest.field("stringData").filter(|texts| !texts.is_null());
    let Some(texts) =
        texts.filter(|_| manifest.field("kind").and_then(Value::as_str) == Some("Secret"))
    else {
        return manifest.clone();
    };
    let Some(fields) = texts.fields() else {
        return manifest.with_field("data", Value::unknown(Type::Any));
    };
    let bytes = fields.iter().map(|(name, text)| {
        let value = match text.kind() {
            Content::String(text) => Value::string(STANDARD.encode(text.as_bytes())),
            _ => text.clone(),
        };
        (name.clone(), value.marked(text.marks()))
    });
    let data = manifest.field("data").and_then(Value::fields);
    let data = data.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone()));
    let data: BTreeMap<_, _> = data.chain(bytes).collect();
    let marks = texts.marks();
    let whole = manifest.with_field("data", Value::object(data).marked(marks));
    let Some(fields) = whole.fields() else { return whole };
    let rest = fields.iter().filter(|(name, _)| &***name != "stringData");
    Value::object(rest.map(|(name, value)| (name.clone(), value.clone()))).marked(whole.marks())
}

/// Gives the changed parts that the API server does not change in place.
fn immutable<'p>(
    who: &Who,
    wanted: &Value,
    there: &Value,
    changed: impl Iterator<Item = &'p Path>,
) -> Vec<Path> {
    let mut fixed: Vec<String> = Vec::new();
    if let Some(row) = typed(&who.api_version, &who.kind) {
        fixed_fields(&row.nodes, "", &mut fixed);
    }
    let more = FIXED.iter().filter(|(kind, _)| *kind == who.kind).flat_map(|(_, names)| *names);
    fixed.extend(more.map(|name| (*name).to_string()));
    if there.field("immutable").and_then(Value::as_bool) == Some(true) {
        fixed.extend(["data", "binaryData", "immutable"].map(String::from));
    }
    if who.kind == "PersistentVolumeClaim" {
        let path = ["spec", "resources", "requests", "storage"];
        let size = |value: &Value| {
            let found = path.iter().try_fold(value, |value, name| value.field(name));
            found.and_then(Value::as_str).and_then(quantity)
        };
        if matches!((size(there), size(wanted)), (Some(old), Some(new)) if new < old) {
            fixed.push(path.join("."));
        }
    }
    let names = |path: &Path| {
        let attributes = path.0.iter().filter_map(|step| match step {
            PathStep::Attribute(name) => Some(name.as_str()),
            PathStep::Index(_) => None,
        });
        attributes.collect::<Vec<_>>().join(".")
    };
    let within = |one: &str, other: &str| one == other || one.starts_with(&format!("{other}."));
    let mut found: Vec<Path> = Vec::new();
    for path in changed {
        let name = names(path);
        if fixed.iter().any(|fixed| within(&name, fixed) || within(fixed, &name)) {
            let mut whole = Path::root().attribute("manifest");
            whole.0.extend(path.0.iter().cloned());
            if !found.contains(&whole) {
                found.push(whole);
            }
        }
    }
    found
}

/// Gathers the API's names of what replaces an object of a resource type, without its name and namespace.
fn fixed_fields(nodes: &Nodes, before: &str, found: &mut Vec<String>) {
    for node in nodes.values() {
        let Some(api) = &node.api else {
            if let (Some(block), true) = (&node.block, node.wrapper) {
                fixed_fields(block, before, found);
            }
            continue;
        };
        let path = format!("{before}{api}");
        if path.starts_with("metadata") {
            continue;
        }
        match &node.block {
            _ if node.replaces && node.block.is_none() => found.push(path),
            Some(block) if node.replaces && all_replace(block) => found.push(path),
            Some(block) => fixed_fields(block, &format!("{path}."), found),
            None => {}
        }
    }
}

fn all_replace(nodes: &Nodes) -> bool {
    nodes
        .values()
        .all(|node| node.replaces || node.block.as_ref().is_some_and(|block| all_replace(block)))
}

/// Gives what is known of an object that is still to be made: whose it is. All else is known after the apply.
fn planned_object(written: &Value, who: &Who, known: &Known) -> Value {
    if who.name.is_none() || !written.field("metadata").is_some_and(Value::is_known) {
        return Value::unknown(Type::Any);
    }
    let open = || Value::unknown(Type::Any);
    let mut fields: BTreeMap<String, Value> = BTreeMap::new();
    let part = known.part().map(|part| part.followed());
    let listed = part.into_iter().flat_map(|part| part.properties.keys());
    let written_names = written.fields().into_iter().flat_map(|fields| fields.keys());
    for name in listed.cloned().chain(written_names.map(|name| name.to_string())) {
        fields.insert(name, open());
    }
    // A Secret's texts come back as data.
    for name in ["status", "stringData"] {
        fields.remove(name);
    }
    fields.insert("apiVersion".into(), Value::string(&who.api_version));
    fields.insert("kind".into(), Value::string(&who.kind));
    let mut metadata: BTreeMap<String, Value> = BTreeMap::new();
    for name in ["labels", "annotations"] {
        metadata.insert(name.into(), open());
    }
    metadata.insert("name".into(), Value::string(who.name.as_deref().unwrap_or_default()));
    let given = written.field("metadata").and_then(|block| block.field("namespace"));
    match (&known.kind, given) {
        (_, Some(given)) if !given.is_known() => {
            metadata.insert("namespace".into(), open());
        }
        (Some(kind), _) if kind.namespaced => {
            let namespace = who.name(kind).map(|name| name.namespace).unwrap_or_default();
            metadata.insert("namespace".into(), Value::string(namespace));
        }
        (None, _) if !who.namespace.is_empty() => {
            metadata.insert("namespace".into(), Value::string(&who.namespace));
        }
        _ => {}
    }
    fields.insert(
        "metadata".into(),
        Value::object(metadata.iter().map(|(n, v)| (n.as_str(), v.clone()))),
    );
    Value::object(fields.iter().map(|(name, value)| (name.as_str(), value.clone())))
}
