//! The order of a set's elements: Terraform's, since plans and states show it.
//!
//! Primitives have their natural order, null comes after them and unknown last. Other values are
//! ordered by a text that is made of them: so a list of one comes before an empty one.

use std::cmp::Ordering;
use std::fmt::Write as _;

use super::{Kind, Value};

/// A total order of values of one type: for the elements of sets.
pub fn order(left: &Value, right: &Value) -> Ordering {
    let texts = || text(left).cmp(&text(right));
    primitives(left, right).unwrap_or_else(|| texts().then_with(|| by_parts(left, right)))
}

/// Sorts and drops equal ones. What is not known whole is equal to nothing: it may turn out to be anything.
pub(super) fn sorted(elements: Vec<Value>) -> Vec<Value> {
    let structured = |value: &Value| value.elements().is_some() || value.fields().is_some();
    if !elements.iter().any(structured) {
        let mut elements = elements;
        elements.sort_by(order);
        elements.dedup_by(|one, other| one.is_known() && one == other);
        return elements;
    }
    let mut keyed: Vec<(String, Value)> =
        elements.into_iter().map(|element| (text(&element), element)).collect();
    keyed.sort_by(|(a, left), (b, right)| {
        let texts = || a.cmp(b).then_with(|| by_parts(left, right));
        primitives(left, right).unwrap_or_else(texts)
    });
    keyed.dedup_by(|one, other| one.1.is_whole() && one == other);
    keyed.into_iter().map(|(_, element)| element).collect()
}

fn rank(kind: &Kind) -> u8 {
    match kind {
        Kind::Bool(_) => 0,
        Kind::Number(_) => 1,
        Kind::String(_) => 2,
        Kind::List(..) | Kind::Set(..) | Kind::Tuple(_) => 3,
        Kind::Map(..) | Kind::Object(_) => 4,
        Kind::Null(_) => 5,
        Kind::Unknown(..) => 6,
    }
}

/// Compares what needs no text.
fn primitives(left: &Value, right: &Value) -> Option<Ordering> {
    match (left.kind(), right.kind()) {
        (Kind::Bool(a), Kind::Bool(b)) => Some(a.cmp(b)),
        (Kind::Number(a), Kind::Number(b)) => Some(a.cmp(b)),
        (Kind::String(a), Kind::String(b)) => Some(a.cmp(b)),
        (Kind::Unknown(a, _), Kind::Unknown(b, _)) | (Kind::Null(a), Kind::Null(b)) => {
            Some(a.cmp(b))
        }
        (a, b) => Some(rank(a).cmp(&rank(b))).filter(|ranks| ranks.is_ne()),
    }
}

/// Compares structures by their parts, where the texts leave numbers undecided that are very near.
fn by_parts(left: &Value, right: &Value) -> Ordering {
    let count = |value: &Value| value.parts().count();
    let mut parts = left.parts().zip(right.parts()).map(|(left, right)| order(left, right));
    let names =
        left.fields().zip(right.fields()).map(|(left, right)| left.keys().cmp(right.keys()));
    let parts = || parts.find(|found| found.is_ne()).unwrap_or(Ordering::Equal);
    count(left).cmp(&count(right)).then(names.unwrap_or(Ordering::Equal)).then_with(parts)
}

fn text(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value.kind() {
        Kind::Unknown(..) => text.push('?'),
        Kind::Null(_) => text.push('~'),
        Kind::Bool(truth) => text.push(if *truth { 'T' } else { 'F' }),
        Kind::Number(number) => text.push_str(&number.to_general(Some(10), 'e')),
        Kind::String(content) => {
            let _ = write!(text, "{content:?}");
        }
        Kind::List(_, parts) | Kind::Set(_, parts) => enclosed(text, '[', parts.iter(), ']'),
        Kind::Tuple(parts) => enclosed(text, '<', parts.iter(), '>'),
        Kind::Object(fields) => enclosed(text, '<', fields.values(), '>'),
        Kind::Map(_, fields) => {
            text.push('{');
            for (name, part) in &**fields {
                let _ = write!(text, "{name:?}:");
                write(part, text);
                text.push(';');
            }
            text.push('}');
        }
    }
}

fn enclosed<'a>(
    text: &mut String,
    open: char,
    parts: impl IntoIterator<Item = &'a Value>,
    close: char,
) {
    text.push(open);
    for part in parts {
        write(part, text);
        text.push(';');
    }
    text.push(close);
}
