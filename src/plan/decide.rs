//! What is done with one object.

use super::{Reason, Verb};
use crate::schema::{Field, Nesting, Schema};
use crate::value::{Kind, Path, Value};

/// Decides the verb from the object as it is and as it should be. Pure.
///
/// `replaces` are the parts whose change the provider cannot make in place; `forced` is a reason to
/// replace whatever changed. What is replaced is `fresh`: planned as if there were nothing yet.
pub fn decide(
    prior: Option<&Value>,
    after: Value,
    replaces: &[Path],
    forced: Option<Reason>,
    fresh: impl FnOnce() -> Value,
) -> (Verb, Option<Reason>) {
    let Some(prior) = prior else { return (Verb::Create { after }, None) };
    let before = prior.clone();
    let reason = forced.or_else(|| (!replaces.is_empty()).then_some(Reason::CannotUpdate));
    if let Some(reason) = reason {
        return (Verb::Replace { before, after: fresh(), create_first: false }, Some(reason));
    }
    if same(prior, &after) {
        return (Verb::Keep { before }, None);
    }
    (Verb::Update { before, after }, None)
}

/// Says whether two values are the same apart from marks.
pub fn same(left: &Value, right: &Value) -> bool {
    left.without_marks() == right.without_marks()
}

/// Gives the parts in which two values differ, the smallest that can be named.
pub fn differences(before: &Value, after: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    differ(before, after, &Path::root(), &mut found);
    found
}

fn differ(before: &Value, after: &Value, path: &Path, found: &mut Vec<Path>) {
    if same(before, after) {
        return;
    }
    match (before.kind(), after.kind()) {
        (Kind::Object(a), Kind::Object(b)) => {
            for (name, after) in b.iter() {
                match a.get(name) {
                    Some(before) => differ(before, after, &path.attribute(&**name), found),
                    None => found.push(path.attribute(&**name)),
                }
            }
            found.extend(
                a.keys().filter(|name| !b.contains_key(name)).map(|name| path.attribute(&**name)),
            );
        }
        (Kind::Map(_, a), Kind::Map(_, b)) => {
            for (name, after) in b.iter() {
                match a.get(name) {
                    Some(before) => differ(before, after, &path.key(name), found),
                    None => found.push(path.key(name)),
                }
            }
            found.extend(a.keys().filter(|name| !b.contains_key(name)).map(|name| path.key(name)));
        }
        (Kind::List(_, a), Kind::List(_, b)) | (Kind::Tuple(a), Kind::Tuple(b))
            if a.len() == b.len() =>
        {
            for (place, (before, after)) in a.iter().zip(b.iter()).enumerate() {
                differ(before, after, &path.place(place), found);
            }
        }
        _ => found.push(path.clone()),
    }
}

/// Sets to null what is never kept, and to null what is write-only.
pub fn kept(schema: &Schema, value: &Value) -> Value {
    let Some(fields) = value.fields() else { return value.clone() };
    let mut kept = value.clone();
    for (name, part) in fields.iter() {
        let Some(field) = schema.fields.get(&**name) else { continue };
        if field.never_kept || field.write_only {
            kept = kept.with_field(name, Value::null(field.ty.clone()));
        } else if let Nesting::Block(block) = &field.nesting
            && block.fields.values().any(is_dropped)
        {
            let inner = Schema { fields: block.fields.clone(), ..Schema::default() };
            kept = kept.with_field(name, part.map_parts(&mut |item| self::kept(&inner, item)));
        }
    }
    kept
}

fn is_dropped(field: &Field) -> bool {
    field.never_kept
        || field.write_only
        || field.inside().is_some_and(|block| block.fields.values().any(is_dropped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_an_immutable_field_replaces_the_object() {
        let (eu, us) = (Value::string("eu"), Value::string("us"));
        let parts = vec![Path::root().attribute("region")];

        let (verb, reason) = decide(Some(&eu), us.clone(), &parts, None, || us.clone());

        assert_eq!(verb, Verb::Replace { before: eu, after: us, create_first: false });
        assert_eq!(reason, Some(Reason::CannotUpdate));
    }

    #[test]
    fn marks_alone_are_no_change() {
        let value = Value::string("x");

        let (verb, _) =
            decide(Some(&value), value.clone().sensitive(), &[], None, || value.clone());

        assert!(verb.is_keep());
    }
}
