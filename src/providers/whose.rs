//! Which world an object is in: said with the object, and held against the session's before the object is read or touched.
//!
//! Objects of two clusters may have the same names. A provider's block that leads to another cluster than before (an edited address, another
//! context in a kubeconfig) finds nothing there, or strangers: neither says anything of the objects that the state has.

use serde_json::{Map, Value as Json, json};

use super::{ApiError, ApiErrorKind};

/// Where an object's own bytes say it.
const MARK: &str = "cluster";

/// Adds to an object's own bytes which world it is in. Bytes that are no such object stay as they are.
pub(super) fn marked(private: Vec<u8>, identity: Option<&Json>) -> Vec<u8> {
    let Some(uid) = identity.and_then(uid) else { return private };
    let read = match private.is_empty() {
        true => Some(Map::new()),
        false => serde_json::from_slice(&private).ok(),
    };
    let Some(mut fields) = read else { return private };
    fields.insert(MARK.into(), json!(uid));
    Json::Object(fields).to_string().into_bytes()
}

/// Says which world an object's own bytes name.
pub(super) fn mark(private: &[u8]) -> Option<String> {
    let fields: Json = serde_json::from_slice(private).ok()?;
    Some(fields.get(MARK)?.as_str()?.to_string())
}

/// Refuses an object of another world than the session's. What does not say where it is is taken as it is.
pub(super) fn elsewhere(private: &[u8], identity: Option<&Json>) -> Result<(), ApiError> {
    let (Some(there), Some(here)) = (mark(private), identity.and_then(uid)) else { return Ok(()) };
    if there == here {
        return Ok(());
    }
    let detail = format!(
        "It is in the cluster whose namespace `kube-system` has the uid {there}, and the provider's block leads to another one, whose has \
         {here}. Nothing was changed there."
    );
    let mut error = another(detail);
    error.root = Some(format!("{there} {here}"));
    Err(error
        .help("Let the provider's block lead to the cluster that has the object.")
        .help(
            "If that cluster is gone, forget what was in it: `terrane state rm ADDRESS`. The next plan makes it in the other one.",
        ))
}

/// Refuses a session that does not lead where the plan found it to lead, by the same address.
pub(super) fn moved(met: &[Json], identity: Option<&Json>) -> Result<(), ApiError> {
    let Some(here) = identity else { return Ok(()) };
    let same = met.iter().filter(|then| then["at"] == here["at"]);
    let Some(then) = same.filter_map(uid).next_back() else { return Ok(()) };
    match uid(here) {
        Some(now) if now != then => {
            let detail = format!(
                "The plan was made for the cluster whose namespace `kube-system` has the uid {then}, and the provider's block leads to another \
                 one by now, whose has {now}. Nothing was sent to it."
            );
            let mut error = another(detail);
            error.root = Some(format!("{then} {now}"));
            Err(error
                .help("Make a new plan for that cluster, or let the block lead to the former one."))
        }
        _ => Ok(()),
    }
}

fn another(detail: String) -> ApiError {
    ApiError::new(ApiErrorKind::Elsewhere, "Another cluster", detail)
}

fn uid(identity: &Json) -> Option<&str> {
    identity["uid"].as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_refused_by_another_world_alone() {
        let [one, other] = ["a", "b"].map(|uid| json!({ "uid": uid, "at": "https://x" }));
        let private = marked(br#"{"uid":"u"}"#.to_vec(), Some(&one));

        assert_eq!(mark(&private).as_deref(), Some("a"));
        assert!(elsewhere(&private, Some(&one)).is_ok());
        assert!(elsewhere(&private, Some(&other)).is_err());
        assert!(elsewhere(&private, None).is_ok());
        assert!(elsewhere(b"", Some(&other)).is_ok());
        assert_eq!(marked(b"\xff".to_vec(), Some(&one)), b"\xff");
    }

    #[test]
    fn what_was_planned_for_a_world_goes_to_no_other_at_its_address() {
        let world = |uid: &str, at: &str| json!({ "uid": uid, "at": at });
        let met = [world("a", "https://x")];

        assert!(moved(&met, Some(&world("a", "https://x"))).is_ok());
        assert!(moved(&met, Some(&world("b", "https://x"))).is_err());
        assert!(moved(&met, Some(&world("b", "https://new"))).is_ok());
        assert!(moved(&[], Some(&world("b", "https://x"))).is_ok());
    }
}
