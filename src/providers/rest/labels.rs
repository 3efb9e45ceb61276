//! Labels and annotations: what the user writes, what is ours with the provider block's, and all that is on the object.
//!
//! Only the user's own count as theirs: what others put beside them is neither a change nor taken away.

use serde_json::{Map, Value as Json};

use super::json;
use super::plan::Defaults;
use super::spec::{How, Spec};
use crate::value::json::to_json;
use crate::value::{Fields, Type, Value};

/// Attributes that share one map of the object.
struct Share<'s> {
    /// The user's own.
    mine: &'s str,
    /// Those with the provider block's; nothing where that has none of the kind.
    ours: Option<&'static str>,
    /// All.
    all: &'static str,
    /// Where the map is in the object.
    path: &'s [String],
}

fn shares(spec: &Spec) -> impl Iterator<Item = Share<'_>> {
    let path = |name: &str| spec.part(name)?.read.as_ref().map(|place| place.path.as_slice());
    let labels = spec.labels.as_deref().and_then(|mine| {
        let (ours, all) = (Some("terraform_labels"), "effective_labels");
        Some(Share { mine, ours, all, path: path(all)? })
    });
    let all = "effective_annotations";
    let annotations = path(all).map(|path| Share { mine: "annotations", ours: None, all, path });
    labels.into_iter().chain(annotations)
}

/// Names the attributes that have all labels and annotations of an object.
pub(super) fn all(spec: &Spec) -> impl Iterator<Item = &'static str> {
    shares(spec).map(|share| share.all)
}

/// Plans the attributes.
pub(super) fn planned(
    spec: &Spec,
    defaults: &Defaults,
    prior: Option<&Value>,
    after: Value,
) -> Value {
    shares(spec).fold(after, |after, share| share.planned(defaults, prior, after))
}

impl Share<'_> {
    fn planned(&self, defaults: &Defaults, prior: Option<&Value>, after: Value) -> Value {
        let missing = || Value::null(Type::map(Type::String));
        let wanted = after.field(self.mine).cloned().unwrap_or_else(missing);
        let old = |name: &str| {
            let fields = prior.and_then(|prior| prior.field(name)).and_then(Value::fields);
            fields.cloned().unwrap_or_default()
        };
        let old_ours = old(self.ours.unwrap_or(self.mine));
        let mut ours = Fields::default();
        if self.ours.is_some() {
            let given = defaults.labels.iter();
            ours.extend(given.map(|(name, value)| (name.as_str().into(), value.clone())));
            if let Some((label, proactive)) = &defaults.attribution
                && (prior.is_none() || *proactive || old_ours.contains_key(label.as_str()))
            {
                ours.insert(label.as_str().into(), Value::string("true"));
            }
        }
        let with_ours = |after: Value, value: Value| match self.ours {
            Some(name) => after.with_field(name, value),
            None => after,
        };
        if !wanted.is_whole() || ours.values().any(|value| !value.is_known()) {
            let unknown = Value::unknown_not_null(Type::map(Type::String));
            return with_ours(after, unknown.clone()).with_field(self.all, unknown);
        }
        let own = wanted.fields().into_iter().flatten();
        ours.extend(own.map(|(name, value)| (name.clone(), value.clone())));
        let mut all = old(self.all);
        all.retain(|name, _| ours.contains_key(name) || !old_ours.contains_key(name));
        all.extend(ours.iter().map(|(name, value)| (name.clone(), value.clone())));
        let after = with_ours(after, Value::map(Type::String, ours));
        after.with_field(self.all, Value::map(Type::String, all))
    }

    fn shared_out(&self, value: &Value, base: Option<&Value>) -> Value {
        let all = value.field(self.all).and_then(Value::fields).cloned().unwrap_or_default();
        let told =
            |name: &str| base.and_then(|base| base.field(name)).filter(|value| value.is_known());
        // What was never in a state of ours (an import) has none of ours yet: all count as the user's.
        let new = base.is_none_or(|base| base.field(self.all).is_none_or(Value::is_null));
        let kept = |name: &str| match told(name) {
            Some(base) if !new && base.is_null() => base.clone(),
            Some(base) if !new => {
                let mine = base.fields().cloned().unwrap_or_default().into_iter();
                let mine = mine.filter_map(|(key, _)| Some((key.clone(), all.get(&key)?.clone())));
                Value::map(Type::String, mine.collect::<Vec<_>>())
            }
            _ => {
                let mine = all.iter().filter(|(key, _)| !key.starts_with("goog-"));
                let mine = mine.map(|(key, value)| (key.clone(), value.clone()));
                Value::map(Type::String, mine.collect::<Vec<_>>())
            }
        };
        let shared = value.with_field(self.mine, kept(self.mine));
        let shared = match self.ours {
            Some(name) => shared.with_field(name, kept(name)),
            None => shared,
        };
        shared.with_field(self.all, Value::map(Type::String, all))
    }
}

/// Gives the maps that an update sends, each with its place: all that is wanted, and in a merge patch null for each that goes.
pub(super) fn patched<'s>(
    spec: &'s Spec,
    prior: &Value,
    planned: &Value,
) -> Vec<(&'s [String], Json)> {
    let changed = |share: Share<'s>| {
        let old = prior.field(share.all).and_then(Value::fields);
        let new = planned.field(share.all).and_then(Value::fields)?;
        if old == Some(new) {
            return None;
        }
        let merged = matches!(spec.update.how, How::Merge);
        let gone = old.into_iter().flatten();
        let gone = gone.filter(|(name, _)| merged && !new.contains_key(name));
        let mut labels: Map<String, Json> =
            gone.map(|(name, _)| (name.to_string(), Json::Null)).collect();
        let wanted = new.iter();
        labels.extend(
            wanted.filter_map(|(name, value)| Some((name.to_string(), value.as_str()?.into()))),
        );
        Some((share.path, Json::Object(labels)))
    };
    shares(spec).filter_map(changed).collect()
}

/// Puts them into the JSON of a new object.
pub(super) fn fill(spec: &Spec, object: &mut Json, planned: &Value) {
    for share in shares(spec) {
        let labels = planned.field(share.all).filter(|labels| labels.is_known());
        if let Some(labels) =
            labels.filter(|labels| labels.fields().is_some_and(|labels| !labels.is_empty()))
        {
            json::set(object, share.path, to_json(labels));
        }
    }
}

/// Shares what is on an object out among the attributes.
pub(super) fn labelled(spec: &Spec, value: &Value, base: Option<&Value>) -> Value {
    shares(spec).fold(value.clone(), |value, share| share.shared_out(&value, base))
}
