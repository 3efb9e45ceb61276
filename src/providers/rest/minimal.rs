//! The smallest configuration that says what an object is.
//!
//! What the service would give by itself is left out: defaults, empty texts and blocks, what only the client knows. Of what
//! either side may give, values are written; blocks where a part of them cannot be changed later.

use std::collections::BTreeMap;

use crate::schema::Given;
use crate::value::Value;

use super::equal::is_zero;
use super::plan::Defaults;
use super::spec::{Part, Shape, Spec};
use super::template::Template;

/// Gives what the objects of a type are listed below: the other's type, and its id.
pub fn above(spec: &Spec) -> BTreeMap<String, Template> {
    let own = spec.discover.as_ref().map(|discover| &discover.of).filter(|of| !of.is_empty());
    own.unwrap_or(&spec.inside).clone()
}

/// Says whether the objects of a type can be listed without knowing one, and written without a secret.
pub fn is_listed(spec: &Spec) -> bool {
    let own = spec.discover.as_ref().and_then(|discover| discover.list.as_ref());
    let Some(call) =
        own.map(|(call, _)| call).or_else(|| spec.list.as_ref().map(|list| &list.call))
    else {
        return false;
    };
    if spec.discover.as_ref().is_some_and(|discover| discover.never.is_some()) {
        return false;
    }
    let above = above(spec);
    let places = spec.discover.as_ref().is_some_and(|discover| discover.places.is_some());
    let given = |name: &str| {
        name == "project"
            || (places && name == "location")
            || above.values().any(|id| id.holes().any(|hole| hole == name))
    };
    call.path.holes().all(given) && !spec.import.is_empty()
}

/// Gives the smallest configuration of an object.
pub fn minimal(spec: &Spec, empty: &Value, defaults: &Defaults, found: &Value) -> Value {
    let found = found.without_marks();
    let mut config = empty.clone();
    for part in &spec.parts {
        let Some(value) = found.field(&part.name) else { continue };
        let filled = part.fill.as_deref().and_then(|name| defaults.fill(name));
        let told = part.name == "id" || filled.is_some_and(|fill| fill == value);
        let without = spec.discover.as_ref().map_or(&[][..], |discover| &discover.without);
        if told || part.name == "effective_labels" || without.contains(&part.name) {
            continue;
        }
        if let Some(written) = written(part, value) {
            config = config.with_field(&part.name, written);
        }
    }
    match spec.labels.as_ref() {
        Some(labels) => own_labels(&config, &found, labels),
        None => config,
    }
}

/// Puts the labels that an object has where the user's stand, those of the provider and the services left out.
fn own_labels(config: &Value, found: &Value, labels: &str) -> Value {
    let all = found.field("effective_labels").and_then(Value::fields);
    let own: Vec<(String, Value)> = all
        .into_iter()
        .flatten()
        .filter(|(name, _)| !name.starts_with("goog-"))
        .map(|(name, value)| (name.to_string(), value.clone()))
        .collect();
    match own.is_empty() {
        true => config.clone(),
        false => config.with_field(labels, Value::map(crate::value::Type::String, own)),
    }
}

/// Gives what is written of a part; nothing where nothing need be.
fn written(part: &Part, value: &Value) -> Option<Value> {
    if part.given == Given::Service
        || part.write_only
        || part.sensitive
        || part.deprecated.is_some()
    {
        return None;
    }
    let required = part.given == Given::Required;
    // What only the client knows is as it is by default.
    let client = part.read.is_none() && part.write.is_none() && part.fill.is_none();
    if value.is_null()
        || !value.is_known()
        || (client && !required && part.change.is_none() && !part.replaces)
    {
        return None;
    }
    match &part.shape {
        Shape::Attribute { .. } => {
            let usual = part.default.as_ref() == Some(value);
            let empty =
                part.default.is_none() && is_zero(value) && part.given != Given::OptionalOrService;
            let blank = value.as_str() == Some("");
            (required || !(usual || empty || blank)).then(|| value.clone())
        }
        Shape::Block { set, parts, min, counts, .. } => {
            if part.given == Given::OptionalOrService && *min == 0 && !has_fixed(parts) {
                return None;
            }
            let elements = value.elements()?;
            let ty = super::spec::parts_type(parts);
            let inner = |element: &Value| {
                Value::object(parts.iter().map(|part| {
                    let found = element.field(&part.name);
                    let found = found.and_then(|value| written(part, value));
                    (part.name.as_str(), found.unwrap_or_else(|| part.absent()))
                }))
            };
            let written: Vec<Value> = elements.iter().map(inner).collect();
            let says = |element: &Value| !is_zero(element);
            let needed = *counts || *min > 0 || required || part.replaces;
            if written.is_empty() || !(needed || written.iter().any(says)) {
                return None;
            }
            Some(if *set { Value::set(ty, written) } else { Value::list(ty, written) })
        }
    }
}

/// Says whether something in a block is the user's to say: it must be given, or cannot be changed later.
fn has_fixed(parts: &[Part]) -> bool {
    parts.iter().any(|part| {
        let own = part.given == Given::Required || (part.replaces && part.given != Given::Service);
        own || part.inside().is_some_and(has_fixed)
    })
}
