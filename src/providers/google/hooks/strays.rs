//! What a broken-off making may have left behind: keys whose secret was in a lost answer, told by their hour and by what stood
//! before them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::state::Broken;

/// How far the service's clock may be from ours, and how long a making may have been tried.
const SKEW: SignedDuration = SignedDuration::from_mins(2);
const TRIES: SignedDuration = SignedDuration::from_mins(10);

/// Under which name the journal is told what stood before.
const BEFORE: &str = "before";

/// Says to the journal which keys there were before one is made.
pub(super) fn told(before: &[String]) -> Option<(&'static str, Json)> {
    Some((BEFORE, json!(before)))
}

/// Says whether a key may be what a broken-off making left: it was made at the time, and was not there before.
pub(super) fn may_be(name: &str, made: &Json, broken: &Broken) -> bool {
    let mut before = broken.told[BEFORE].as_array().into_iter().flatten();
    is_of(made, broken.since) && !before.any(|there| there == name)
}

/// Says whether the hour at which a key was made is that of a making that began at a moment.
pub(super) fn is_of(made: &Json, since: Timestamp) -> bool {
    let made = made.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    made.is_some_and(|made| made >= since - SKEW && made <= since + TRIES)
}
