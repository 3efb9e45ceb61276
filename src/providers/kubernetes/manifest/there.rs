//! A manifest as the cluster has it: what it says, with what is there in place of what differs in meaning.

use std::collections::BTreeMap;

use crate::merge::schema::Form as Merging;
use crate::value::{Kind as Content, Path, Type, Value};

use super::body::Who;
use super::kinds::{Known, Lens};
use super::planning::folded;
use super::same::{is_off, key_of, lacking, merging_of_list};

/// Gives a manifest with what an object has in place of what differs. What the manifest does not say is left out.
pub(in super::super) fn as_there(written: &Value, there: &Value) -> Value {
    let Some(who) = Who::of(written) else { return written.clone() };
    let written = &folded(written);
    let known = Known::of(&who, &BTreeMap::new());
    let lens = known.lens(&who);
    let differs: Vec<Path> = lacking(written, Some(there), lens);
    // A namespace that the manifest names is the object's by its address.
    let counts = |path: &&Path| {
        !["apiVersion", "kind", "status"].contains(&path.first().unwrap_or_default())
    };
    match differs.iter().filter(counts).count() {
        0 => written.clone(),
        _ => seen(written, Some(there), lens, true),
    }
}

fn seen(written: &Value, there: Option<&Value>, lens: Lens<'_>, top: bool) -> Value {
    let Some(there) = there.filter(|there| !there.is_null()) else {
        return Value::null(Type::Any);
    };
    if lacking(written, Some(there), lens).is_empty() {
        return written.clone();
    }
    match written.kind() {
        Content::Object(fields) | Content::Map(_, fields) if there.fields().is_some() => {
            let parts = fields.iter().map(|(name, part)| {
                let own = top && ["apiVersion", "kind", "status"].contains(&&**name);
                let off = there.field(name).is_none() && is_off(name, part);
                let found = match own || off {
                    true => part.clone(),
                    false => seen(part, there.field(name), lens.field(name), false),
                };
                (name.clone(), found)
            });
            let parts: BTreeMap<_, _> = parts.filter(|(_, part)| !part.is_null()).collect();
            Value::object(parts)
        }
        Content::List(_, parts) | Content::Set(_, parts) | Content::Tuple(parts) => {
            let others = there.elements().unwrap_or_default();
            match merging_of_list(lens) {
                Merging::Keyed(keys, item) => {
                    let keyed = |value: &Value| key_of(value, keys, item);
                    let found = parts.iter().map(|part| {
                        let wanted = keyed(part);
                        let other = others.iter().find(|other| keyed(other) == wanted);
                        seen(part, other, lens.item(), false)
                    });
                    Value::tuple(found.filter(|part| !part.is_null()).collect())
                }
                _ if parts.len() == others.len() => {
                    let pairs = parts.iter().zip(others);
                    let found =
                        pairs.map(|(part, other)| seen(part, Some(other), lens.item(), false));
                    Value::tuple(found.collect())
                }
                _ => there.clone(),
            }
        }
        _ => there.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::value::json::{from_json, to_json};

    fn seen_of(written: Json, there: Json) -> Json {
        to_json(&as_there(&from_json(&written), &from_json(&there)))
    }

    #[test]
    fn only_what_differs_in_meaning_is_as_it_is_there() {
        let written = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
            "spec": {"replicas": 2, "template": {"spec": {"containers": [
                {"name": "c", "image": "i:1", "resources": {"limits": {"cpu": "1000m"}}}]}}}});
        let there = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "uid": "u"},
            "spec": {"replicas": 5, "paused": false, "template": {"spec": {"containers": [
                {"name": "sidecar", "image": "s"},
                {"name": "c", "image": "i:1", "resources": {"limits": {"cpu": "1"}}}]}}}});

        let found = seen_of(written.clone(), there);

        let mut expected = written;
        expected["spec"]["replicas"] = json!(5);
        assert_eq!(found, expected);
    }

    #[test]
    fn what_the_server_does_not_write_is_as_it_was_given() {
        let written = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
            "spec": {"paused": false, "template": {"spec": {"hostNetwork": false,
                "automountServiceAccountToken": false, "containers": [{"name": "c", "tty": false}]}}}});
        let there = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
            "spec": {"template": {"spec": {"containers": [{"name": "c"}]}}}});

        let found = seen_of(written.clone(), there);

        let mut expected = written;
        let pod = &mut expected["spec"]["template"]["spec"];
        pod.as_object_mut().expect("an object").shift_remove("automountServiceAccountToken");
        assert_eq!(found, expected);
    }

    #[test]
    fn what_was_taken_away_there_is_left_out() {
        let written = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
            "data": {"x": "1", "y": "2"}});
        let there = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
            "data": {"x": "1"}});

        let found = seen_of(written, there);

        assert_eq!(found["data"], json!({"x": "1"}));
    }
}
