//! The bodies of updates: what changed between two values of an object.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::schema::Given;
use crate::value::Value;

use super::encode::{Empty, encode_part};
use super::json;
use super::labels;
use super::spec::{Change, Part, Shape, Spec};
use super::stays::says_the_same;

/// What changed at the top level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// The members that changed; null for what goes away.
    pub body: Json,
    /// Their names in the service's words, for a mask.
    pub mask: BTreeSet<String>,
    /// The attributes' names.
    pub names: BTreeSet<String>,
}

/// Gives what changed, for a patch: members whose attribute changed.
pub fn patch(spec: &Spec, prior: &Value, planned: &Value) -> Patch {
    let mut patch = Patch { body: Json::Object(Map::new()), ..Patch::default() };
    for part in &spec.parts {
        let Some(place) = &part.write else { continue };
        let (Some(old), Some(new)) = (prior.field(&part.name), planned.field(&part.name)) else {
            continue;
        };
        if part.given == Given::Service
            || says_the_same(old, new)
            || part.both_empty(old, new)
            || !new.is_known()
        {
            continue;
        }
        let encoded = encode_part(part, new, planned, Empty::Sent).unwrap_or(Json::Null);
        json::set(&mut patch.body, &place.path, encoded);
        patch.mask.extend(place.path.first().cloned());
        patch.names.insert(part.name.clone());
    }
    for (path, labels) in labels::patched(spec, prior, planned) {
        json::set(&mut patch.body, path, labels);
        patch.mask.extend(path.first().cloned());
        patch.names.extend(path.first().cloned());
    }
    patch
}

/// One call of an update that goes field by field.
#[derive(Clone, Debug, PartialEq)]
pub struct Concern {
    /// The call's name.
    pub rpc: String,
    /// What goes in one call.
    pub group: String,
    /// Its body, without what the call itself adds.
    pub body: Json,
    /// The attributes that it changes.
    pub names: Vec<String>,
}

/// Gives the calls of an update that goes field by field, in the order of the file.
pub fn concerns(parts: &[Part], prior: &Value, planned: &Value) -> Vec<Concern> {
    let mut found = Vec::new();
    collect(parts, prior, planned, &mut found);
    found
}

fn collect(parts: &[Part], prior: &Value, planned: &Value, found: &mut Vec<Concern>) {
    for part in parts {
        let (Some(old), Some(new)) = (prior.field(&part.name), planned.field(&part.name)) else {
            continue;
        };
        if says_the_same(old, new)
            || part.both_empty(old, new)
            || part.given == Given::Service
            || !new.is_known()
        {
            continue;
        }
        if let Some(change) = &part.change {
            add(part, change, new, planned, found);
        } else if let Shape::Block { parts, .. } = &part.shape {
            let empty = Value::object(parts.iter().map(|part| (part.name.as_str(), part.absent())));
            let (old, new) =
                (old.elements().unwrap_or_default(), new.elements().unwrap_or_default());
            let (old, new) = (old.first().unwrap_or(&empty), new.first().unwrap_or(&empty));
            collect(parts, old, new, found);
        }
    }
}

fn add(part: &Part, change: &Change, new: &Value, planned: &Value, found: &mut Vec<Concern>) {
    let encoded = encode_part(part, new, planned, Empty::Sent);
    let gone = if new.elements().is_some_and(<[Value]>::is_empty) || new.is_null() {
        change.absent.clone()
    } else {
        None
    };
    // A text that nobody wants any more, without a word for "none": there is nothing to say.
    let mute = matches!(part.shape, Shape::Attribute { ty: crate::value::Type::String, .. });
    if mute && new.is_null() && gone.is_none() && !change.force_send {
        return;
    }
    let value = gone.or(encoded).unwrap_or_else(|| match &part.shape {
        Shape::Block { .. } => Json::Object(Map::new()),
        Shape::Attribute { ty: crate::value::Type::Bool, .. } => Json::Bool(false),
        Shape::Attribute { .. } => Json::Null,
    });
    let mut body = Json::Object(Map::new());
    if let Some(field) = &change.field {
        let path = match &change.wrap {
            Some(wrap) => format!("{field}.{wrap}"),
            None => field.clone(),
        };
        json::set_dotted(&mut body, &path, value);
    }
    let group = change.group.clone().or(change.field.clone()).unwrap_or_else(|| part.name.clone());
    match found.iter_mut().find(|concern| concern.rpc == change.rpc && concern.group == group) {
        Some(concern) => {
            json::set(&mut concern.body, &[], body);
            concern.names.push(part.name.clone());
        }
        None => found.push(Concern {
            rpc: change.rpc.clone(),
            group,
            body,
            names: vec![part.name.clone()],
        }),
    }
}
