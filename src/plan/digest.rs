//! What a plan does, as one number: two plans with the same digest have the same effects.
//!
//! It covers what becomes of which object, with which values, by which provider and in which order. It leaves out what does not matter for
//! that: the moment, the state's serial, what stays, what a changed part was where its successor is not known (counters and times of
//! the service), remarks, places in files. So it is the same on every machine and in every run, as long as the effects are.
//!
//! It is a keyed hash, by a key that comes from the state's lineage: so the digest of a plan with a weak secret does not tell the secret
//! to who does not have the state. Where there is no state yet the key is empty.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::decide::differences;
use super::written::{WrittenValue, write_path};
use super::{Action, Change, OutputChange, Plan, Verb};
use crate::addr::Address;
use crate::value::Value;

/// Gives a plan's digest, in hexadecimal.
pub fn digest(plan: &Plan) -> String {
    let action = |action: &Action| {
        json!([action.address.to_string(), action.deposed, format!("{:?}", action.call)])
    };
    let order: Vec<Json> = plan
        .order
        .nodes()
        .map(|node| json!([action(node), plan.order.needs(node).map(action).collect::<Vec<_>>()]))
        .collect();
    let changes: Vec<Json> = plan
        .changes
        .iter()
        .filter_map(|((address, deposed), change)| effect(address, deposed.as_deref(), change))
        .collect();
    let outputs = plan.outputs.iter().filter(|(_, output)| !output.is_keep());
    let outputs: Vec<Json> = outputs.map(|(name, output)| of_output(name, output)).collect();
    let moves: Vec<(String, String)> =
        plan.moves.iter().map(|(to, from)| (to.to_string(), from.to_string())).collect();
    let whole = json!({
        "mode": format!("{:?}", plan.base.mode),
        "changes": changes,
        "outputs": outputs,
        "moves": moves,
        "order": order,
    });
    let mut hash = <Hmac<Sha256> as KeyInit>::new_from_slice(plan.base.lineage.as_bytes())
        .expect("a key may have any length");
    hash.update(b"terrane plan digest 1\n");
    hash.update(whole.to_string().as_bytes());
    hex::encode(hash.finalize().into_bytes())
}

/// Gives what a change does; nothing where that is nothing.
fn effect(address: &Address, deposed: Option<&str>, change: &Change) -> Option<Json> {
    let (verb, values) = match &change.verb {
        Verb::Keep { .. } if change.importing.is_none() => return None,
        Verb::Keep { .. } => ("keep", Json::Null),
        Verb::Read { .. } => ("read", Json::Null),
        Verb::Create { after } => ("create", written(after)),
        Verb::Update { before, after } => ("update", changed(before, after)),
        Verb::Replace { after, create_first: false, .. } => ("replace", written(after)),
        Verb::Replace { after, create_first: true, .. } => {
            ("replace, create first", written(after))
        }
        Verb::Delete { .. } => ("delete", Json::Null),
        Verb::Forget { .. } => ("forget", Json::Null),
    };
    Some(json!({
        "address": address.to_string(),
        "deposed": deposed,
        "verb": verb,
        "values": values,
        "provider": [json!(change.provider.module), json!(change.provider.source), json!(change.provider.alias)],
        "importing": change.importing,
    }))
}

/// Gives the parts that change: as they will be, and, where that is known, as they are.
fn changed(before: &Value, after: &Value) -> Json {
    let parts = differences(before, after).into_iter().map(|path| {
        let after = after.at(&path);
        let known = after.is_none_or(Value::is_whole);
        let before = before.at(&path).filter(|_| known);
        json!([write_path(&path), before.map(written), after.map(written)])
    });
    Json::Array(parts.collect())
}

fn of_output(name: &str, output: &OutputChange) -> Json {
    let known = output.after.as_ref().is_none_or(Value::is_whole);
    let before = output.before.as_ref().filter(|_| known);
    json!([name, before.map(written), output.after.as_ref().map(written), output.sensitive])
}

fn written(value: &Value) -> Json {
    json!(WrittenValue::from(&value.without_marks()))
}

/// Gives the hash of a text, in hexadecimal.
pub fn of_text(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::written_plan::tests::sample;
    use super::*;
    use crate::value::Type;

    #[test]
    fn what_is_done_makes_the_digest_and_nothing_else() {
        let plan = sample();
        let mut later = plan.clone();
        later.base.made = Some(jiff::Timestamp::UNIX_EPOCH);
        later.base.serial += 1;
        later.changes.values_mut().for_each(|change| change.span = None);
        let mut other = plan.clone();
        other.outputs.values_mut().for_each(|output| output.after = Some(Value::bool(true)));
        let mut fewer = plan.clone();
        fewer.changes.pop_first();
        let mut elsewhere = plan.clone();
        elsewhere.base.lineage = "another".into();

        assert_eq!(digest(&plan), digest(&later));
        for changed in [&other, &fewer, &elsewhere] {
            assert_ne!(digest(&plan), digest(changed));
        }
    }

    fn updated(before: [(&'static str, Value); 2], after: [(&'static str, Value); 2]) -> String {
        let mut plan = sample();
        let change = plan.changes.values_mut().next().unwrap();
        change.verb = Verb::Update { before: Value::object(before), after: Value::object(after) };
        digest(&plan)
    }

    #[test]
    fn counters_of_the_service_do_not_count_and_what_changes_does() {
        let of = |etag: &str, before: &str, after: &str| {
            updated(
                [("etag", Value::string(etag)), ("size", Value::string(before))],
                [("etag", Value::unknown(Type::String)), ("size", Value::string(after))],
            )
        };

        assert_eq!(of("1", "small", "big"), of("2", "small", "big"));
        assert_ne!(of("1", "small", "big"), of("1", "small", "huge"));
        assert_ne!(of("1", "small", "big"), of("1", "tiny", "big"));
    }
}
