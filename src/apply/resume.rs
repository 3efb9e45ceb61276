//! What is left of an approved plan after an apply that failed half way.

use super::agree::disagreement;
use crate::addr::Address;
use crate::plan::{Change, Plan, Reason, Verb};
use crate::state::Snapshot;
use crate::value::Value;

/// Gives the objects whose replacement was asked for by `-replace` and is not done yet: they are what they were.
pub fn still_to_replace(saved: &Plan, state: &Snapshot) -> Vec<Address> {
    let requested =
        saved.changes.iter().filter(|(_, change)| change.reason == Some(Reason::Requested));
    let open = requested.filter(|((address, _), change)| {
        let id = |value: &Value| value.field("id").and_then(Value::as_str).map(String::from);
        let before = change.verb.before().and_then(id);
        let now = state.current(address).and_then(|it| it.id());
        before.is_some() && before.as_deref() == now
    });
    open.map(|((address, _), _)| address.clone()).collect()
}

/// Gives what a plan that is made now would do beyond the approved one: nothing where all of it was approved.
pub fn beyond(approved: &Plan, now: &Plan) -> Vec<Address> {
    let open = now.changes.iter().filter(|(_, change)| !change.verb.is_keep());
    let strange = open.filter(|((address, deposed), change)| {
        let same = approved.changes.get(&(address.clone(), deposed.clone()));
        let current = approved.changes.get(&(address.clone(), None));
        !same.is_some_and(|approved| fits(approved, change))
            && !current.is_some_and(|approved| is_rest_of_replacement(approved, change, deposed))
    });
    strange.map(|((address, _), _)| address.clone()).collect()
}

/// Says whether a change does what was approved, or what is left of it.
fn fits(approved: &Change, now: &Change) -> bool {
    let within = |then: &Value, now: &Value| disagreement(then, now).is_none();
    match (&approved.verb, &now.verb) {
        (
            Verb::Create { after: then } | Verb::Replace { after: then, .. },
            Verb::Create { after } | Verb::Update { after, .. },
        )
        | (Verb::Update { after: then, .. }, Verb::Update { after, .. })
        | (Verb::Replace { after: then, .. }, Verb::Replace { after, .. }) => within(then, after),
        // What was made only in part is made anew.
        (Verb::Create { after: then }, Verb::Replace { after, .. }) => {
            now.reason == Some(Reason::Tainted) && within(then, after)
        }
        (Verb::Delete { .. }, Verb::Delete { .. })
        | (Verb::Forget { .. }, Verb::Forget { .. })
        | (Verb::Read { .. }, Verb::Read { .. }) => true,
        _ => false,
    }
}

/// Says whether the former object of a replacement is still to be removed.
fn is_rest_of_replacement(approved: &Change, now: &Change, deposed: &Option<String>) -> bool {
    deposed.is_some()
        && matches!(now.verb, Verb::Delete { .. })
        && match approved.verb {
            Verb::Replace { create_first, .. } => {
                create_first || matches!(approved.reason, Some(Reason::ParentReplaced(_)))
            }
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Type;

    fn change(verb: Verb, reason: Option<Reason>) -> Change {
        Change {
            verb,
            reason,
            provider: crate::plan::objects::provider_ref(
                "provider[\"terraform.io/builtin/terraform\"]",
            )
            .unwrap(),
            config: None,
            needs: std::collections::BTreeSet::new(),
            span: None,
            places: Vec::new(),
            replaces: Vec::new(),
            private: Vec::new(),
            importing: None,
            notes: Vec::new(),
            create_before_destroy: false,
        }
    }

    fn value(input: &str, id: Option<&str>) -> Value {
        let id = id.map_or_else(|| Value::unknown(Type::String), Value::string);
        Value::object([("input", Value::string(input)), ("id", id)])
    }

    fn plan(deposed: Option<&str>, change: Change) -> Plan {
        let address: Address = "terraform_data.a".parse().unwrap();
        let mut plan = Plan::default();
        plan.changes.insert((address, deposed.map(String::from)), change);
        plan
    }

    fn is_within(approved: &Plan, now: &Plan) -> bool {
        beyond(approved, now).is_empty()
    }

    #[test]
    fn what_is_left_of_a_plan_is_within_it_and_nothing_else_is() {
        let create = |input| change(Verb::Create { after: value(input, None) }, None);
        let approved = plan(None, create("x"));
        let keep = change(Verb::Keep { before: value("x", Some("1")) }, None);
        let anew = Verb::Replace {
            before: value("x", Some("1")),
            after: value("x", None),
            create_first: false,
        };
        let delete = change(Verb::Delete { before: value("x", Some("1")) }, None);

        assert!(is_within(&approved, &approved));
        assert!(is_within(&approved, &plan(None, keep)));
        assert!(is_within(&approved, &plan(None, change(anew.clone(), Some(Reason::Tainted)))));
        assert!(!is_within(&approved, &plan(None, change(anew, None))));
        assert!(!is_within(&approved, &plan(None, create("y"))));
        assert!(!is_within(&approved, &plan(None, delete)));
        assert!(!is_within(&Plan::default(), &approved));
    }

    #[test]
    fn the_former_object_of_a_replacement_may_still_be_removed() {
        let replace = Verb::Replace {
            before: value("x", Some("1")),
            after: value("y", None),
            create_first: true,
        };
        let approved = plan(None, change(replace, Some(Reason::CannotUpdate)));
        let former = change(Verb::Delete { before: value("x", Some("1")) }, None);

        assert!(is_within(&approved, &plan(Some("12345678"), former.clone())));
        assert!(!is_within(&plan(None, former.clone()), &plan(Some("12345678"), former)));
    }
}
