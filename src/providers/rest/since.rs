//! What somebody has changed since the plan was made: a change that was planned over something else is not sent.
//!
//! The marks of services (fingerprints, versions) guard the moment between a reading and a writing. Between the plan and
//! the apply may lie hours, in which a plan is approved: so the object is read once more before it is changed, and what
//! the change would write over must be as the plan found it.

use serde_json::Value as Json;

use crate::providers::{Action, ApiError, ApiErrorKind, Wanted};
use crate::schema::Given;
use crate::value::{Path, Value};

use super::labels;
use super::session::{RestSession, is_asleep};
use super::spec::{How, Part, Shape, Spec};

impl RestSession {
    /// Reads an object once more, and says no where what is to be changed of it is not as it was planned from.
    ///
    /// # Errors
    /// Somebody has changed it, or what the service answered instead.
    pub(super) async fn unchanged(
        &self,
        spec: &Spec,
        action: &Action,
        prior: &Value,
        planned: &Value,
    ) -> Result<(), ApiError> {
        let differs = |name: &str| prior.field(name) != planned.field(name);
        let mut written = spec.parts.iter().filter(|part| is_written(part));
        if !written.any(|part| differs(&part.name)) && !labels::all(spec).any(differs) {
            return Ok(());
        }
        let wanted = Wanted {
            address: action.address.clone(),
            type_name: action.type_name.clone(),
            value: prior.clone(),
            private: action.private.clone(),
        };
        let mut changed = Vec::new();
        // What the object says itself is enough in most cases: what is read beside it is read where it seems changed.
        let hook = self.catalog.hook(spec);
        let what = format!("reading {}", action.address);
        let quick = hook.read_many(self, spec, &[&wanted]).await;
        if let Some(mut read) = quick {
            let Some(found) = read.pop().transpose()?.flatten() else { return Ok(()) };
            changed = differences(spec, [prior, planned, &found.without_marks()]);
        } else if let Some(json) = self.awake(spec, prior, &what).await? {
            let found = self.decoded(spec, &json, Some(prior)).without_marks();
            if !differences(spec, [prior, planned, &found]).is_empty() {
                let found = self.observe(spec, json, Some(prior)).await.without_marks();
                changed = differences(spec, [prior, planned, &found]);
            }
        }
        if changed.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = changed.iter().map(|path| format!("`{path}`")).collect();
        let detail = format!(
            "{} is not as the plan found it: somebody has changed {}. Nothing was written over.",
            action.address,
            names.join(", ")
        );
        Err(ApiError::new(ApiErrorKind::Conflict, "Changed since the plan", detail)
            .help("Plan again: the new plan shows what would become of that change."))
    }
}

impl RestSession {
    /// Reads an object; gives nothing of one that is asleep and cannot be looked at.
    async fn awake(
        &self,
        spec: &Spec,
        value: &Value,
        what: &str,
    ) -> Result<Option<Json>, ApiError> {
        match self.get(spec, value, what).await {
            Err(error) if is_asleep(spec, &error) => Ok(None),
            read => read,
        }
    }
}

/// Gives what was changed of what will be written: the object as it was, as it will be, as it is found.
fn differences(spec: &Spec, sides: [&Value; 3]) -> Vec<Path> {
    let mut changed = Vec::new();
    let whole = spec.update.how == How::Whole;
    collect(&spec.parts, sides, whole, &Path::root(), &mut changed);
    for name in labels::all(spec) {
        let [prior, planned, found] = sides.map(|side| side.field(name));
        if prior != planned && prior != found && planned != found {
            changed.push(Path::root().attribute(name));
        }
    }
    changed
}

/// Says whether an attribute is read and written.
fn is_written(part: &Part) -> bool {
    let told = part.given == Given::Service || part.is_mark();
    !told && part.read.is_some() && (part.write.is_some() || part.change.is_some())
}

/// Collects what was changed of what will be written: of all that is configured, where the object is written whole.
fn collect(parts: &[Part], sides: [&Value; 3], whole: bool, path: &Path, changed: &mut Vec<Path>) {
    for part in parts {
        if !is_written(part) {
            continue;
        }
        let [Some(prior), Some(planned), Some(found)] = sides.map(|side| side.field(&part.name))
        else {
            continue;
        };
        let written = whole || prior != planned;
        // What is already as planned may be what an apply before this one has done.
        let stands = prior == found || planned == found;
        if !written || stands || part.both_empty(prior, found) {
            continue;
        }
        let here = path.attribute(&part.name);
        let elements = [prior, planned, found].map(|side| side.elements().unwrap_or_default());
        match (&part.shape, elements) {
            (Shape::Block { set: false, parts, .. }, [prior, planned, found])
                if prior.len() == found.len() =>
            {
                for (place, (prior, found)) in prior.iter().zip(found).enumerate() {
                    let planned = planned.get(place);
                    let whole = whole || planned.is_none();
                    let sides = [prior, planned.unwrap_or(prior), found];
                    collect(parts, sides, whole, &here.place(place), changed);
                }
            }
            _ => changed.push(here),
        }
    }
}
