//! A request that a run before this one had sent, and that came only after this one had looked: the object is ours.
//!
//! A run that is killed cannot call back what it has sent. The next run looks, finds nothing, and makes the object; then the
//! service says that it exists already.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::desk::WorkerDesk;
use super::diary::known;
use crate::addr::Address;
use crate::providers::{
    self, ApiErrorKind, Deed, Desk, Failure, Found, Observed, Provider, Session, Wanted,
};
use crate::state::Broken;

/// Objects whose making an earlier run had begun, and that were not there when this one looked: since when.
pub type Unmade = BTreeMap<Address, Timestamp>;

/// One of them, as its action is carried out.
pub(super) struct Expected {
    pub(super) since: Timestamp,
    pub(super) provider: Arc<dyn Provider>,
}

/// Acts. Where an object that is to be made exists already, and an earlier run may have made it, it is looked at once more.
pub(super) async fn act(
    session: &dyn Session,
    action: &providers::Action,
    desk: &WorkerDesk,
    expected: Option<Expected>,
) -> Result<Option<Observed>, Failure> {
    let outcome = session.act(action, desk).await;
    let (Some(expected), Err(failure)) = (expected, &outcome) else { return outcome };
    if failure.error.kind != ApiErrorKind::Conflict || failure.partial.is_some() {
        return outcome;
    }
    match taken(session, action, desk, &expected).await {
        Some(taken) => taken.map(Some),
        None => outcome,
    }
}

/// Takes the object that is there for what was asked for, as a recovery does; nothing where it is somebody else's, or where that
/// cannot be found out.
async fn taken(
    session: &dyn Session,
    action: &providers::Action,
    desk: &WorkerDesk,
    expected: &Expected,
) -> Option<Result<Observed, Failure>> {
    let Deed::Create { planned, .. } = &action.deed else { return None };
    let wanted = Wanted {
        address: action.address.clone(),
        type_name: action.type_name.clone(),
        value: known(planned),
        private: action.private.clone(),
    };
    let broken = Broken { since: expected.since, told: serde_json::Value::Null };
    let found = session.find(&wanted, &broken, desk).await.ok()?;
    let Found { object: Some(object), complete, ours, .. } = found else { return None };
    if !complete && !ours {
        return None;
    }
    let id = object.value.field("id").and_then(crate::value::Value::as_str);
    if let Some(id) = id
        && desk.tracked(&action.type_name, id).await.is_some()
    {
        return None;
    }
    desk.note("what the run before this one had asked for has come: it is taken over");
    let resumed = session.resume(action, object.clone(), desk).await;
    if complete || expected.provider.resumes(&action.type_name) {
        return Some(resumed);
    }
    Some(resumed.and_then(|object| {
        let detail = format!(
            "{} exists since a request of the run before this one came late, and it is not all as planned.",
            action.address
        );
        let error = providers::ApiError::new(ApiErrorKind::Failed, "Made only in part", detail)
            .help("It is in the state, to be replaced by the next apply.");
        Err(Failure { error, partial: Some(object) })
    }))
}
