//! Which of the texts that a value is made from was edited, as far as its two sides tell.

use std::collections::BTreeMap;

use super::Part;
use super::parts::Differing;
use super::trace::Origin;
use crate::diag::Span;
use crate::plan::Drift;
use crate::value::Value;

/// A text that was edited.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// What it gives a value to: `var.size`; empty for the argument's own text.
    pub name: String,
    /// Its place; nothing for what stands in no file.
    pub span: Option<Span>,
    /// Where it was given, where that is no file.
    pub given: Option<String>,
    /// What it was and is, where the value is the text itself and no secret.
    pub values: Option<(Value, Value)>,
    /// Nothing was edited: the object was changed outside of the configuration, from the first of the values to the second.
    pub outside: bool,
}

/// Gives the cause of a part that was changed outside; nothing where it was not: where an apply sets it back to what it was.
pub(super) fn outside(part: &Differing, drift: Option<&Drift>) -> Option<Cause> {
    let drift = drift?;
    let there = |value: &Value| value.at(&part.path).filter(|value| !value.is_null()).cloned();
    let (saved, found) = (there(&drift.saved), drift.found.as_ref().and_then(there));
    let plain = |value: &Option<Value>| value.as_ref().map(Value::without_marks);
    let back = plain(&saved) == plain(&part.after) && plain(&found) == plain(&part.before);
    if !back || plain(&saved) == plain(&found) {
        return None;
    }
    let secret =
        [&part.before, &part.after].into_iter().flatten().any(|value| value.all_marks().any());
    let values = saved.zip(found).filter(|_| !secret);
    Some(Cause { name: String::new(), span: None, given: None, values, outside: true })
}

/// Gives the causes of a part: of all texts those that its new value has and its old one has not; all where that is none.
pub(super) fn causes(part: &Differing, origins: &[Origin]) -> Vec<Cause> {
    let before = part.before.as_ref().map(text_of).unwrap_or_default();
    let after = part.after.as_ref().map(text_of).unwrap_or_default();
    let is_new = |origin: &&Origin| match &origin.literal {
        Some(text) if !text.is_empty() => {
            after.contains(text.as_str()) && !before.contains(text.as_str())
        }
        _ => false,
    };
    // What it was is still written: another of the ways was chosen.
    let switched = origins.iter().any(|origin| origin.selects)
        && origins.iter().any(|of| !of.selects && of.literal.as_ref() == Some(&before));
    let mut chosen: Vec<&Origin> = match switched {
        true => origins.iter().filter(|origin| origin.selects).collect(),
        false => origins.iter().filter(is_new).collect(),
    };
    if chosen.is_empty() {
        // A literal that both sides have was not edited.
        let is_old = |origin: &&Origin| match &origin.literal {
            Some(text) if !text.is_empty() => {
                !(before.contains(text.as_str()) && after.contains(text.as_str()))
            }
            _ => true,
        };
        chosen = origins.iter().filter(is_old).collect();
    }
    if chosen.is_empty() {
        chosen = origins.iter().collect();
    }
    let alone = chosen.len() == 1 && origins.len() == 1;
    // What went through a function or a sign is not what is written.
    let is_itself = |origin: &Origin| match &origin.literal {
        Some(literal) => *literal == after,
        None => origin.given.is_some() && !origin.altered,
    };
    let values = part.before.clone().zip(part.after.clone()).filter(|(before, after)| {
        let secret = before.all_marks().any() || after.all_marks().any();
        alone && !secret && after.is_whole() && is_itself(&origins[0])
    });
    let cause = |origin: &Origin| Cause {
        name: origin.name.clone(),
        span: origin.span,
        given: origin.given.clone(),
        values: values.clone(),
        outside: false,
    };
    let mut found: Vec<Cause> = Vec::new();
    for one in chosen.into_iter().map(cause) {
        if !found.iter().any(|other| (&other.name, other.span) == (&one.name, one.span)) {
            found.push(one);
        }
    }
    found
}

/// Gives the causes of many parts with how many parts each changes, the widest first.
pub(super) fn gathered<'p>(parts: impl Iterator<Item = &'p Part>) -> Vec<(Cause, usize)> {
    let mut counted: BTreeMap<(String, Option<Span>, Option<String>), (Cause, usize)> =
        BTreeMap::new();
    for cause in parts.flat_map(|part| &part.causes).filter(|cause| !cause.outside) {
        let key = (cause.name.clone(), cause.span, cause.given.clone());
        counted.entry(key).or_insert_with(|| (cause.clone(), 0)).1 += 1;
    }
    let mut all: Vec<(Cause, usize)> = counted.into_values().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all
}

/// Gives the text that a value has in it.
fn text_of(value: &Value) -> String {
    if let Some(text) = value.as_str() {
        return text.to_string();
    }
    if let Some(number) = value.as_number() {
        return number.to_string();
    }
    match value.as_bool() {
        Some(known) => known.to_string(),
        None => value.parts().map(text_of).collect::<Vec<_>>().join("\n"),
    }
}
