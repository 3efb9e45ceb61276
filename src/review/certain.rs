//! Whether a change is sure to happen, or depends on what is not known yet.

use super::parts::Differing;
use crate::addr::Address;
use crate::plan::{Change, Reason, Verb};
use crate::value::{Kind, Path, PathStep, Value};

/// How sure a change is.
#[derive(Clone, Debug, PartialEq)]
pub enum Certainty {
    /// It will happen.
    Certain,
    /// It will happen where these parts, which are not known yet, turn out other than they are.
    Conditional(Vec<Path>),
    /// That it is changed is certain; that it is replaced depends on these parts.
    PerhapsReplaced(Vec<Path>),
    /// It will happen where what it lives in is replaced, which is not certain.
    WithParent(Address),
}

impl Certainty {
    /// Says whether it will happen as planned.
    pub fn is_certain(&self) -> bool {
        *self == Certainty::Certain
    }
}

/// Says how sure a change is: what differs in nothing but what is not known yet may turn out to be none.
/// Of replacements only those that are `open` may: the others are carried out before it is known.
pub(super) fn certainty(change: &Change, differing: &[Differing], open: bool) -> Certainty {
    if let (true, Some(Reason::ParentReplaced(parent))) = (open, &change.reason) {
        return Certainty::WithParent(parent.clone());
    }
    let before = change.verb.before();
    let sides = (before, change.verb.after());
    let unknown = |part: &&Differing| may_stay(sides, part);
    // What the service says is unknown for the change's sake alone.
    let given = |part: &&Differing| {
        let path = named(before, &part.path);
        let config = change.config.as_ref().and_then(|config| config.at(&path));
        config.is_some_and(|value| !value.is_null())
    };
    match change.verb {
        Verb::Update { .. } if differing.iter().all(|part| unknown(&part)) => {
            let open = differing.iter().filter(given).map(|part| named(before, &part.path));
            match once(open) {
                open if open.is_empty() => Certainty::Certain,
                open => Certainty::Conditional(open),
            }
        }
        Verb::Replace { .. } if open && matches!(change.reason, Some(Reason::CannotUpdate)) => {
            // The parts that force it: where each is unknown, it may turn out as it is.
            let within = |path: &Path| change.replaces.iter().any(|of| begins(path, of));
            let forcing: Vec<&Differing> =
                differing.iter().filter(|part| within(&part.path)).collect();
            if forcing.is_empty() || !forcing.iter().all(unknown) {
                return Certainty::Certain;
            }
            let paths = once(forcing.iter().map(|part| named(before, &part.path)));
            let others = differing.iter().filter(|part| !within(&part.path) && given(part));
            match others.filter(|part| !unknown(part)).count() {
                0 => Certainty::Conditional(paths),
                _ => Certainty::PerhapsReplaced(paths),
            }
        }
        _ => Certainty::Certain,
    }
}

/// Gives the set that a part is in, whose elements have no names while they are not known; else the part.
fn named(whole: Option<&Value>, path: &Path) -> Path {
    set_of(whole, path).map_or_else(|| path.clone(), |(set, _)| set)
}

/// Gives the outermost set that a part is in.
fn set_of<'v>(whole: Option<&'v Value>, path: &Path) -> Option<(Path, &'v Value)> {
    (0..path.0.len()).find_map(|length| {
        let outer = Path(path.0[..length].to_vec());
        let set = whole?.at(&outer).filter(|of| matches!(of.kind(), Kind::Set(..)))?;
        Some((outer, set))
    })
}

fn once(paths: impl Iterator<Item = Path>) -> Vec<Path> {
    let mut once: Vec<Path> = Vec::new();
    for path in paths {
        if !once.contains(&path) {
            once.push(path);
        }
    }
    once
}

/// Says whether a part that differs in a plan may turn out as it is: an element of a set where all of that may.
fn may_stay((whole, planned): (Option<&Value>, Option<&Value>), part: &Differing) -> bool {
    if let Some((path, before)) = set_of(whole, &part.path)
        && let Some(after) = planned.and_then(|planned| planned.at(&path))
    {
        return may_equal(before, after);
    }
    match (&part.before, &part.after) {
        (Some(before), Some(after)) => may_equal(before, after),
        (None, Some(after)) => {
            !after.is_whole() && may_be_null(after) && !is_new(whole, &part.path)
        }
        (_, None) => false,
    }
}

/// Says whether a part is in an element that comes: of a list or a map, not of a set, where it may be one that is there.
fn is_new(whole: Option<&Value>, path: &Path) -> bool {
    let Some(whole) = whole else { return false };
    (1..=path.0.len()).any(|length| {
        let (inner, outer) = (Path(path.0[..length].to_vec()), Path(path.0[..length - 1].to_vec()));
        let is_element = matches!(path.0[length - 1], PathStep::Index(_));
        let is_set = whole.at(&outer).is_some_and(|of| matches!(of.kind(), Kind::Set(..)));
        is_element && !is_set && whole.at(&inner).is_none()
    })
}

fn may_be_null(value: &Value) -> bool {
    match value.kind() {
        Kind::Unknown(_, bounds) => !bounds.not_null,
        // A set's element; an object has its parts told apart.
        _ => value.fields().is_none() && value.elements().is_none(),
    }
}

/// Says whether a value may turn out as another one, which is known.
fn may_equal(known: &Value, value: &Value) -> bool {
    match (known.kind(), value.kind()) {
        (Kind::Null(_), Kind::Unknown(..)) => may_be_null(value),
        (_, Kind::Unknown(_, bounds)) => {
            let begins =
                |text: &str| bounds.prefix.as_ref().is_none_or(|with| text.starts_with(&**with));
            let count = known
                .elements()
                .map_or_else(|| known.fields().map(|of| of.len()), |of| Some(of.len()));
            let (least, most) = bounds.length;
            known.as_str().is_none_or(begins)
                && count.is_none_or(|count| count >= least && most.is_none_or(|most| count <= most))
        }
        // A set with an unknown element may have fewer elements than it seems.
        (Kind::Set(..), Kind::Set(..)) => {
            let known = known.elements().unwrap_or(&[]);
            let elements = value.elements().unwrap_or(&[]);
            let found = |element: &Value| known.iter().any(|known| may_equal(known, element));
            let covered = |known: &Value| elements.iter().any(|element| may_equal(known, element));
            known.len() <= elements.len() && elements.iter().all(found) && known.iter().all(covered)
        }
        _ => match (known.elements(), value.elements(), known.fields(), value.fields()) {
            (Some(known), Some(value), ..) => {
                known.len() == value.len()
                    && known.iter().zip(value).all(|(known, value)| may_equal(known, value))
            }
            (_, _, Some(known), Some(value)) => {
                known.len() == value.len()
                    && known.iter().all(|(name, known)| {
                        value.get(name).is_some_and(|value| may_equal(known, value))
                    })
            }
            _ => known.without_marks() == value.without_marks(),
        },
    }
}

fn begins(path: &Path, with: &Path) -> bool {
    path.0.len() >= with.0.len() && path.0.iter().zip(&with.0).all(|(own, of)| own == of)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::render::plan::tests::{change, value};
    use crate::review::parts::differing;
    use crate::value::Type;

    /// Gives the parts on which it depends that there is a change at all; the text "?" is not known.
    fn open(before: serde_json::Value, after: serde_json::Value) -> Vec<String> {
        open_of(value(before), value(after))
    }

    fn open_of(before: Value, after: Value) -> Vec<String> {
        let mut change = change(Verb::Update { before, after: after.clone() });
        change.config = Some(after);
        let parts = differing(&change.verb, None);
        match certainty(&change, &parts, false) {
            Certainty::Conditional(paths) => paths.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn what_may_turn_out_as_it_is_is_no_certain_change() {
        assert_eq!(open(json!({ "a": "x" }), json!({ "a": "?" })), ["a"]);
        assert_eq!(
            open(json!({ "a": { "b": "x", "c": 1 } }), json!({ "a": { "b": "?", "c": 1 } })),
            ["a.b"]
        );
        assert_eq!(open(json!({ "a": null }), json!({ "a": "?" })), ["a"]);
    }

    #[test]
    fn an_element_of_a_set_that_is_not_known_may_be_the_one_that_goes() {
        let sets = |side: serde_json::Value| {
            let elements = value(side).elements().unwrap().to_vec();
            Value::object([("of", Value::set(Type::Any, elements))])
        };
        for (before, after, open) in [
            (json!(["a", "b"]), json!(["a", "?"]), &["of"][..]),
            (json!([{ "key": "a", "n": 1 }]), json!([{ "key": "?", "n": 1 }]), &["of"]),
            (json!(["a", "b"]), json!(["c", "?"]), &[]),
            (json!(["a", "b"]), json!(["?"]), &[]),
            (json!([{ "key": "a", "n": 1 }]), json!([{ "key": "?", "n": 2 }]), &[]),
        ] {
            assert_eq!(open_of(sets(before), sets(after.clone())), open, "{after}");
        }
    }

    #[test]
    fn what_comes_or_changes_beside_what_is_not_known_is_certain() {
        for (before, after) in [
            (json!({ "block": [] }), json!({ "block": [{ "key": "?" }] })),
            (json!({ "list": ["a"] }), json!({ "list": ["a", "?"] })),
            (json!({ "list": ["a", "b"] }), json!({ "list": ["?"] })),
            (json!({ "a": "x", "b": 1 }), json!({ "a": "?", "b": 2 })),
        ] {
            assert_eq!(open(before, after.clone()), Vec::<String>::new(), "{after}");
        }
        let sealed = |side: serde_json::Value| Value::object([("m", value(side).sensitive())]);
        let before = sealed(json!({ "known": 1, "open": "x" }));
        let after = sealed(json!({ "known": 2, "open": "?" }));
        let mut change = change(Verb::Update { before, after: after.clone() });
        change.config = Some(after);
        let parts = differing(&change.verb, None);
        assert_eq!(certainty(&change, &parts, false), Certainty::Certain);
    }
}
