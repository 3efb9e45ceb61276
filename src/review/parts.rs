//! The parts in which two objects differ, as deep as they can be told apart.

use crate::plan::Verb;
use crate::schema::Schema;
use crate::value::{Kind, Path, Value};

/// A part that differs: nothing on a side where it is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Differing {
    /// Which part.
    pub path: Path,
    /// As it is.
    pub before: Option<Value>,
    /// As it will be; may be unknown.
    pub after: Option<Value>,
}

/// Gives the parts in which a change's sides differ, with secrets marked; of what is made or removed, all its parts.
pub fn differing(verb: &Verb, schema: Option<&Schema>) -> Vec<Differing> {
    let mut found = Vec::new();
    if !verb.is_keep() {
        // A secret is marked in what is told of it.
        let sealed = |side: &Value| schema.map_or_else(|| side.clone(), |of| of.sealed(side));
        let [before, after] = [verb.before(), verb.after()].map(|side| side.map(sealed));
        compare(&Path::root(), before.as_ref(), after.as_ref(), &mut found);
    }
    found
}

fn there(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

fn compare(path: &Path, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Differing>) {
    let (before, after) = (there(before), there(after));
    if before.map(Value::without_marks) == after.map(Value::without_marks) {
        return;
    }
    let secret = [before, after].into_iter().flatten().any(Value::is_sensitive);
    let one = before.or(after).map(Value::kind);
    let alike = match (before, after) {
        (Some(before), Some(after)) => alike(before, after),
        // A list or set that comes or goes is one part, an object's parts are told apart.
        _ => matches!(one, Some(Kind::Object(_))),
    };
    let leaf = |found: &mut Vec<Differing>| {
        // Where one side is a secret, the other tells of it, too.
        let seal = |side: &Value| if secret { side.clone().sensitive() } else { side.clone() };
        let (before, after) = (before.map(seal), after.map(seal));
        found.push(Differing { path: path.clone(), before, after });
    };
    // The parts of a secret are secrets, and so are their names.
    if secret || !alike {
        return leaf(found);
    }
    match one {
        Some(Kind::Object(_) | Kind::Map(..)) => {
            let names = |side: Option<&Value>| -> Vec<String> {
                let fields = side.and_then(Value::fields);
                fields
                    .map(|fields| fields.keys().map(ToString::to_string).collect())
                    .unwrap_or_default()
            };
            let mut all = names(before);
            all.extend(names(after));
            all.sort();
            all.dedup();
            let map = matches!(one, Some(Kind::Map(..)));
            for name in all {
                let side = |side: Option<&Value>| side.and_then(|of| of.field(&name).cloned());
                let at = if map { path.key(&name) } else { path.attribute(&name) };
                compare(&at, side(before).as_ref(), side(after).as_ref(), found);
            }
        }
        Some(Kind::List(..) | Kind::Tuple(_)) => {
            let parts =
                |side: Option<&Value>| side.and_then(Value::elements).unwrap_or(&[]).to_vec();
            let (before, after) = (parts(before), parts(after));
            for place in 0..before.len().max(after.len()) {
                compare(&path.place(place), before.get(place), after.get(place), found);
            }
        }
        Some(Kind::Set(..)) => {
            let parts =
                |side: Option<&Value>| side.and_then(Value::elements).unwrap_or(&[]).to_vec();
            let (before, after) = (parts(before), parts(after));
            let [gone, new] = [(&before, &after), (&after, &before)].map(|(own, others)| {
                let alone = own.iter().filter(|element| !others.contains(element));
                alone.cloned().collect::<Vec<Value>>()
            });
            // One that comes for one that goes is the same, changed.
            if let ([gone], [new]) = (&gone[..], &new[..])
                && gone.fields().is_some()
                && new.fields().is_some()
            {
                return compare(&path.place(0), Some(gone), Some(new), found);
            }
            for gone in &gone {
                let path = path.element(named(gone));
                found.push(Differing { path, before: Some(gone.clone()), after: None });
            }
            for new in &new {
                let path = path.element(named(new));
                found.push(Differing { path, before: None, after: Some(new.clone()) });
            }
        }
        _ => leaf(found),
    }
}

/// Names an element of a set; a secret has no name.
fn named(element: &Value) -> Value {
    match element.all_marks().any() {
        true => Value::string("(sensitive value)"),
        false => element.clone(),
    }
}

/// Says whether two values are of one form, so that their parts can be held side by side.
fn alike(before: &Value, after: &Value) -> bool {
    matches!(
        (before.kind(), after.kind()),
        (Kind::Object(_) | Kind::Map(..), Kind::Object(_) | Kind::Map(..))
            | (Kind::List(..) | Kind::Tuple(_), Kind::List(..) | Kind::Tuple(_))
            | (Kind::Set(..), Kind::Set(..))
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::render::plan::tests::value;

    fn told(before: serde_json::Value, after: serde_json::Value) -> Vec<String> {
        let verb = Verb::Update { before: value(before), after: value(after) };
        differing(&verb, None).iter().map(|part| part.path.to_string()).collect()
    }

    #[test]
    fn a_secret_has_no_parts_and_both_its_sides_are_secret() {
        let before = Value::object([("m", value(json!({ "k": "a" })).sensitive())]);
        let after = Value::object([("m", value(json!({ "k": "b" })))]);

        let parts = differing(&Verb::Update { before, after }, None);

        let told = |side: &Option<Value>| side.as_ref().is_some_and(Value::is_sensitive);
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].path.to_string(), "m");
        assert!(told(&parts[0].before) && told(&parts[0].after));
    }

    #[test]
    fn parts_are_told_as_deep_as_they_differ() {
        let before = json!({ "a": { "b": [1, 2], "c": 1 }, "d": "x" });
        let after = json!({ "a": { "b": [1, 3, 4], "c": 1 }, "d": "?" });

        assert_eq!(told(before, after), ["a.b[1]", "a.b[2]", "d"]);
    }

    #[test]
    fn what_is_null_is_not_there() {
        assert_eq!(told(json!({ "a": null }), json!({})), Vec::<String>::new());
        assert_eq!(told(json!({ "a": null }), json!({ "a": { "b": 1 } })), ["a.b"]);
        assert_eq!(told(json!({ "a": { "b": 1, "c": 2 } }), json!({})), ["a.b", "a.c"]);
    }

    #[test]
    fn forms_that_differ_are_one_part() {
        assert_eq!(told(json!({ "a": [1] }), json!({ "a": "x" })), ["a"]);
    }
}
