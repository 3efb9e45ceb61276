//! What an object will be, decided offline from configuration and what stands.
//!
//! Configuration counts; what it does not say stays as it is, or comes from the service. A value that means
//! the same as the one that stands is not a change. Marks are put aside for the decision and set again at the
//! end.

use std::path::PathBuf;

use crate::addr::Address;
use crate::providers::{PlanRequest, Planned, Problem};
use crate::schema::Given;
use crate::value::{Path, Value};

use super::catalog::Catalog;
use super::equal::Around;
use super::hook::Hook;
use super::labels;
use super::spec::{How, Part, Shape, Spec, parts_type};
use super::stays::{kept, unsettled};
use super::template::Template;

/// What a provider block gives to all its resources.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// Settings by name (`project`, `location`, …): known, unknown or null.
    pub fills: Vec<(&'static str, Value)>,
    /// Labels for all.
    pub labels: Vec<(String, Value)>,
    /// The label that says who made an object, and whether old objects get it too.
    pub attribution: Option<(String, bool)>,
    /// The default of `deletion_policy`.
    pub deletion_policy: Option<String>,
    /// The folder from which the files that a block names are looked for.
    pub root: PathBuf,
}

impl Defaults {
    /// Gives a setting.
    pub fn fill(&self, name: &str) -> Option<&Value> {
        self.fills.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// A plan in the making, as a hook sees it.
pub struct Draft<'a> {
    /// Which instance.
    pub address: &'a Address,
    /// The file.
    pub spec: &'a Spec,
    /// The configuration.
    pub config: &'a Value,
    /// The object as it stands.
    pub prior: Option<&'a Value>,
    /// The object as it will be.
    pub after: Value,
    /// What replaces it.
    pub replaces: Vec<Path>,
    /// What stands in the way.
    pub problems: Vec<Problem>,
    /// What the provider block gives.
    pub defaults: &'a Defaults,
    /// All types.
    pub catalog: &'a Catalog,
}

/// Plans one instance.
pub fn plan(
    catalog: &Catalog,
    spec: &Spec,
    hook: &dyn Hook,
    defaults: &Defaults,
    request: &PlanRequest<'_>,
) -> Planned {
    let config = request.config.without_marks();
    let prior = request.prior.map(Value::without_marks);
    let mut draft =
        draft((catalog, spec), hook, defaults, request.address, &config, prior.as_ref());
    if let Some(prior) = prior.as_ref().filter(|_| !draft.replaces.is_empty()) {
        let again = self::draft((catalog, spec), hook, defaults, request.address, &config, None);
        draft.after = kept(spec, prior, again.after);
    }
    if let Some(replaced) = request.replaced.filter(|_| prior.is_none()) {
        draft.after = kept(spec, &replaced.without_marks(), draft.after);
    }
    let after = remark(&draft.after, request.config);
    Planned { after, replaces: draft.replaces, problems: draft.problems, notes: Vec::new() }
}

fn draft<'a>(
    (catalog, spec): (&'a Catalog, &'a Spec),
    hook: &dyn Hook,
    defaults: &'a Defaults,
    address: &'a Address,
    config: &'a Value,
    prior: Option<&'a Value>,
) -> Draft<'a> {
    let walk = Walk { root: prior };
    let mut after = walk.object(&spec.parts, config, prior);
    for name in ["timeouts", "id"] {
        if let Some(value) =
            config.field(name).filter(|value| name == "timeouts" || !value.is_null())
        {
            after = after.with_field(name, value.clone());
        }
    }
    after = complete(spec, defaults, config, prior, after);
    let mut draft = Draft {
        address,
        spec,
        config,
        prior,
        after,
        replaces: Vec::new(),
        problems: Vec::new(),
        defaults,
        catalog,
    };
    hook.plan(&mut draft);
    if let Some(prior) = prior {
        let sides = [prior, &draft.after, config];
        replacing(&spec.parts, sides, &Path::root(), &mut draft.replaces);
        if spec.update.how == How::Fields {
            unchangeable(&spec.parts, prior, &draft.after, &Path::root(), &mut draft.replaces);
        }
        draft.replaces.dedup();
        if differs(spec, prior, &draft.after) {
            draft.after = unsettled(spec, prior, config, draft.after);
        }
    }
    draft
}

/// Says whether anything but the client's own `timeouts` differs.
fn differs(spec: &Spec, prior: &Value, after: &Value) -> bool {
    spec.parts.iter().any(|part| {
        let at = |value: &Value| value.field(&part.name).cloned();
        (part.write.is_some() || part.change.is_some() || part.read.is_some())
            && at(prior) != at(after)
    })
}

struct Walk<'a> {
    root: Option<&'a Value>,
}

impl Walk<'_> {
    fn object(&self, parts: &[Part], config: &Value, prior: Option<&Value>) -> Value {
        Value::object(parts.iter().map(|part| {
            let wanted = config.field(&part.name).cloned().unwrap_or_else(|| part.absent());
            let standing = prior
                .map(|prior| prior.field(&part.name).cloned().unwrap_or_else(|| part.absent()));
            (part.name.as_str(), self.part(part, &wanted, standing.as_ref(), prior))
        }))
    }

    fn part(
        &self,
        part: &Part,
        config: &Value,
        prior: Option<&Value>,
        beside: Option<&Value>,
    ) -> Value {
        if part.given == Given::Service {
            return prior.cloned().unwrap_or_else(|| Value::unknown(part.ty()));
        }
        let around = Around { prior: self.root, beside };
        let wanted = match &part.shape {
            Shape::Attribute { .. } => {
                if config.is_null() {
                    self.unwritten(part, prior)
                } else {
                    normalize(part.normalize.as_deref(), config)
                }
            }
            Shape::Block { .. }
                if config.elements().is_some_and(<[Value]>::is_empty) || config.is_null() =>
            {
                match (part.given, prior) {
                    (Given::OptionalOrService, Some(prior)) => prior.clone(),
                    (Given::OptionalOrService, None) => Value::unknown(part.ty()),
                    _ => part.absent(),
                }
            }
            Shape::Block { set, parts, .. } => self.blocks(*set, parts, config, prior),
        };
        match prior {
            Some(prior) if part.same(prior, &wanted, around) => prior.clone(),
            _ => wanted,
        }
    }

    fn unwritten(&self, part: &Part, prior: Option<&Value>) -> Value {
        match (&part.default, part.given, prior) {
            (Some(default), _, _) => default.clone(),
            (None, Given::OptionalOrService, Some(prior)) => prior.clone(),
            (None, Given::OptionalOrService, None) => Value::unknown(part.ty()),
            _ => part.absent(),
        }
    }

    fn blocks(&self, set: bool, parts: &[Part], config: &Value, prior: Option<&Value>) -> Value {
        let Some(wanted) = config.elements() else { return config.clone() };
        let standing = prior.and_then(Value::elements).unwrap_or_default();
        let element = parts_type(parts);
        if !set {
            let place =
                |(place, wanted): (usize, &Value)| self.element(parts, wanted, standing.get(place));
            return Value::list(element, wanted.iter().enumerate().map(place).collect());
        }
        let one = wanted.len() == 1 && standing.len() == 1;
        let planned = wanted.iter().map(|wanted| {
            if one {
                return self.element(parts, wanted, standing.first());
            }
            let found =
                standing.iter().find(|prior| self.element(parts, wanted, Some(prior)) == **prior);
            found.cloned().unwrap_or_else(|| self.element(parts, wanted, None))
        });
        Value::set(element, planned.collect())
    }

    fn element(&self, parts: &[Part], config: &Value, prior: Option<&Value>) -> Value {
        if config.is_known() { self.object(parts, config, prior) } else { config.clone() }
    }
}

/// Brings a value to its one form.
pub(super) fn normalize(form: Option<&str>, value: &Value) -> Value {
    match form {
        Some(form) => {
            let change =
                |value: &Value| value.as_str().map(|text| Value::string(normal_text(form, text)));
            change(value).unwrap_or_else(|| {
                value.map_parts(&mut |part| change(part).unwrap_or_else(|| part.clone()))
            })
        }
        None => value.clone(),
    }
}

fn normal_text(form: &str, text: &str) -> String {
    match form {
        "upper" => text.to_uppercase(),
        "bucket_path" if !text.starts_with("b/") => format!("b/{text}"),
        "oauth_scopes" if !text.contains("://") => scope(text),
        _ => text.to_string(),
    }
}

/// Gives the URL of an OAuth scope's short name.
fn scope(name: &str) -> String {
    const LONGER: [(&str, &str); 13] = [
        ("cloud-source-repos", "source.full_control"),
        ("cloud-source-repos-ro", "source.read_only"),
        ("compute-ro", "compute.readonly"),
        ("compute-rw", "compute"),
        ("logging-write", "logging.write"),
        ("monitoring-read", "monitoring.read"),
        ("monitoring-write", "monitoring.write"),
        ("service-control", "servicecontrol"),
        ("service-management", "service.management.readonly"),
        ("storage-full", "devstorage.full_control"),
        ("storage-ro", "devstorage.read_only"),
        ("storage-rw", "devstorage.read_write"),
        ("userinfo-email", "userinfo.email"),
    ];
    const LONGEST: [(&str, &str); 5] = [
        ("sql", "sqlservice"),
        ("sql-admin", "sqlservice.admin"),
        ("trace", "trace.append"),
        ("useraccounts-ro", "cloud.useraccounts.readonly"),
        ("useraccounts-rw", "cloud.useraccounts"),
    ];
    let found = LONGER.iter().chain(&LONGEST).find(|(short, _)| *short == name);
    format!("https://www.googleapis.com/auth/{}", found.map_or(name, |(_, long)| long))
}

/// Fills in what the provider block gives and what can be known beforehand.
fn complete(
    spec: &Spec,
    defaults: &Defaults,
    config: &Value,
    prior: Option<&Value>,
    after: Value,
) -> Value {
    let mut after = after;
    for part in &spec.parts {
        if part.write_only {
            after = after.with_field(&part.name, Value::null(part.ty()));
            continue;
        }
        let written = config.field(&part.name).is_some_and(|value| !value.is_null());
        if written {
            continue;
        }
        if let Some(value) = part.fill.as_deref().and_then(|name| defaults.fill(name)) {
            let standing =
                prior.and_then(|prior| prior.field(&part.name)).filter(|value| !value.is_null());
            let moved = part.name == "project"
                && value.is_known()
                && !value.is_null()
                && Some(value) != standing;
            if standing.is_none() && (prior.is_none() || part.name != "project")
                || (standing.is_some() && moved)
            {
                let value = if value.is_null() { Value::unknown(part.ty()) } else { value.clone() };
                after = after.with_field(&part.name, value);
            }
        }
        if part.name == "deletion_policy" && prior.is_none() {
            let policy = defaults.deletion_policy.as_deref().unwrap_or("DELETE");
            after = after.with_field(&part.name, Value::string(policy));
        }
    }
    for part in &spec.parts {
        let standing = prior.and_then(|prior| prior.field(&part.name));
        if let Some(expand) = &part.expand
            && standing != after.field(&part.name)
        {
            after = expanded(part, expand, after);
        }
    }
    if prior.is_none() {
        for part in spec.parts.iter().filter(|part| part.known.is_some()) {
            let value = part.known.as_ref().map(|known| known.value(&after));
            after =
                value.into_iter().fold(after, |after, value| after.with_field(&part.name, value));
        }
    }
    after = labels::planned(spec, defaults, prior, after);
    let id = match prior.and_then(|prior| prior.field("id")).filter(|id| !id.is_null()) {
        Some(id) => id.clone(),
        None => spec.id.value(&after),
    };
    after.with_field("id", id)
}

fn expanded(part: &Part, expand: &str, after: Value) -> Value {
    let bare = after
        .field(&part.name)
        .and_then(Value::as_str)
        .filter(|text| !text.contains('/') && !text.is_empty());
    let Some(bare) = bare.map(str::to_string) else { return after };
    let value = Template::parse(&expand.replace("{}", &bare)).value(&after);
    // Without a project the name stays as it is: it means the same.
    if value.is_known() && !value.is_null() { after.with_field(&part.name, value) } else { after }
}

/// Collects the parts whose change replaces the object: what it is, what it will be, and what is written.
fn replacing(parts: &[Part], sides: [&Value; 3], path: &Path, found: &mut Vec<Path>) {
    let [prior, after, config] = sides;
    for part in parts {
        let (Some(old), Some(new)) = (prior.field(&part.name), after.field(&part.name)) else {
            continue;
        };
        if old == new {
            continue;
        }
        let here = path.attribute(&part.name);
        let Shape::Block { set, parts, .. } = &part.shape else {
            // What the service will give to a new block is no change that somebody asks for.
            let unasked = || config.field(&part.name).is_none_or(Value::is_null);
            let given = old.is_null() && !new.is_known() && unasked();
            // Nothing and a default that says nothing are the same.
            if part.replaces && !given && !part.both_empty(old, new) {
                found.push(here);
            }
            continue;
        };
        let (old, new) = (old.elements().unwrap_or_default(), new.elements());
        let Some(new) = new else {
            if part.replaces {
                found.push(here);
            }
            continue;
        };
        if part.replaces && old.len() != new.len() {
            found.push(here);
        } else if *set && (old.len() != 1 || new.len() != 1) {
            if any_replaces(parts) {
                found.push(here);
            }
        } else {
            let empty = Value::object(parts.iter().map(|part| (part.name.as_str(), part.absent())));
            for place in 0..old.len().max(new.len()) {
                let (old, new) =
                    (old.get(place).unwrap_or(&empty), new.get(place).unwrap_or(&empty));
                let written = config.field(&part.name).and_then(Value::elements);
                let written = written.and_then(|all| all.get(place)).unwrap_or(&empty);
                replacing(parts, [old, new, written], &here.place(place), found);
            }
        }
    }
}

fn any_replaces(parts: &[Part]) -> bool {
    parts.iter().any(|part| part.replaces || part.inside().is_some_and(any_replaces))
}

/// Gives the changed parts of an object that no call can change, but for those that are said to replace it.
pub fn lasting(parts: &[Part], prior: &Value, after: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    unchangeable(parts, prior, after, &Path::root(), &mut found);
    found
}

/// Collects changed parts that no call can change: they replace the object too.
fn unchangeable(parts: &[Part], prior: &Value, after: &Value, path: &Path, found: &mut Vec<Path>) {
    for part in parts.iter().filter(|part| part.change.is_none()) {
        let (Some(old), Some(new)) = (prior.field(&part.name), after.field(&part.name)) else {
            continue;
        };
        if old == new || part.given == Given::Service || part.write.is_none() {
            continue;
        }
        let number = |side: &Value| side.elements().map(<[Value]>::len);
        let alike = matches!(part.shape, Shape::Block { .. }) && number(old) == number(new);
        // Of blocks it says that another number of them replaces the object: what is in them stands for itself.
        if part.replaces && !alike {
            continue;
        }
        let here = path.attribute(&part.name);
        match (&part.shape, old.elements(), new.elements()) {
            (Shape::Block { parts, .. }, Some(old), Some(new)) => {
                let empty =
                    Value::object(parts.iter().map(|part| (part.name.as_str(), part.absent())));
                for place in 0..old.len().max(new.len()) {
                    let (old, new) =
                        (old.get(place).unwrap_or(&empty), new.get(place).unwrap_or(&empty));
                    unchangeable(parts, old, new, &here.place(place), found);
                }
            }
            _ if part.both_empty(old, new) => {}
            _ => found.push(here),
        }
    }
}

/// Sets the marks of a configuration's parts on the same parts of a plan.
fn remark(after: &Value, config: &Value) -> Value {
    if !config.all_marks().any() {
        return after.clone();
    }
    let marked = match (after.fields(), config.fields(), after.elements(), config.elements()) {
        (Some(_), Some(wanted), _, _) => {
            let mut value = after.clone();
            for (name, config) in wanted {
                if let Some(part) = after.field(name) {
                    value = value.with_field(name, remark(part, config));
                }
            }
            value
        }
        (_, _, Some(parts), Some(wanted)) if parts.len() == wanted.len() => {
            let mut wanted = wanted.iter();
            after.map_parts(&mut |part| {
                wanted.next().map_or_else(|| part.clone(), |config| remark(part, config))
            })
        }
        (None, None, _, _) => after.clone(),
        _ => return after.clone().marked(config.all_marks()),
    };
    marked.marked(config.marks())
}
