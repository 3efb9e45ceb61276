//! What a plan decides, as one number: two plans with the same digest do the same.
//!
//! It covers what is done with which values and in which order, and leaves out what does not matter for that:
//! the moment, the state's serial, places in files, remarks.

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::written::{WrittenValue, write_path};
use super::{Action, Change, Plan};
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
        .map(|((address, deposed), change)| json!([address.to_string(), deposed, decided(change)]))
        .collect();
    let side = |side: &Option<Value>| side.as_ref().map(WrittenValue::from);
    let outputs: Vec<Json> = plan
        .outputs
        .iter()
        .map(|(name, output)| {
            json!([name, side(&output.before), side(&output.after), output.sensitive])
        })
        .collect();
    let moves: Vec<(String, String)> =
        plan.moves.iter().map(|(to, from)| (to.to_string(), from.to_string())).collect();
    let whole = json!({
        "mode": format!("{:?}", plan.base.mode),
        "lineage": plan.base.lineage,
        "changes": changes,
        "outputs": outputs,
        "moves": moves,
        "order": order,
    });
    of_text(&whole.to_string())
}

fn decided(change: &Change) -> Json {
    let side = |side: Option<&Value>| side.map(WrittenValue::from);
    let verb = format!("{:?}", change.verb);
    // Only the verb's own name is taken from its form for people: its values follow whole.
    let name = verb.split([' ', '{']).next().unwrap_or_default();
    let first = matches!(change.verb, super::Verb::Replace { create_first: true, .. });
    json!({
        "verb": name,
        "create_first": first,
        "before": side(change.verb.before()),
        "after": side(change.verb.after()),
        "reason": change.reason.as_ref().map(|reason| format!("{reason:?}")),
        "provider": [json!(change.provider.module), json!(change.provider.source), json!(change.provider.alias)],
        "replaces": change.replaces.iter().map(write_path).collect::<Vec<_>>(),
        "importing": change.importing,
    })
}

/// Gives the hash of a text, in hexadecimal.
pub fn of_text(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::written_plan::tests::sample;
    use super::*;

    #[test]
    fn what_is_decided_makes_the_digest_and_nothing_else() {
        let plan = sample();
        let mut later = plan.clone();
        later.base.made = Some(jiff::Timestamp::UNIX_EPOCH);
        later.base.serial += 1;
        later.changes.values_mut().for_each(|change| change.span = None);
        let mut other = plan.clone();
        other.outputs.values_mut().for_each(|output| output.after = Some(Value::bool(true)));
        let mut fewer = plan.clone();
        fewer.changes.pop_first();

        assert_eq!(digest(&plan), digest(&later));
        assert_ne!(digest(&plan), digest(&other));
        assert_ne!(digest(&plan), digest(&fewer));
    }
}
