//! Whether a change is sure to happen, or depends on what is not known yet.

use super::parts::Differing;
use crate::plan::{Change, Reason, Verb};
use crate::value::Path;

/// How sure a change is.
#[derive(Clone, Debug, PartialEq)]
pub enum Certainty {
    /// It will happen.
    Certain,
    /// It will happen where these parts, which are not known yet, turn out other than they are.
    Conditional(Vec<Path>),
    /// That it is changed is certain; that it is replaced depends on these parts.
    PerhapsReplaced(Vec<Path>),
}

impl Certainty {
    /// Says whether it will happen as planned.
    pub fn is_certain(&self) -> bool {
        *self == Certainty::Certain
    }
}

/// Says how sure a change is: what differs in nothing but what is not known yet may turn out to be none.
pub(super) fn certainty(change: &Change, differing: &[Differing]) -> Certainty {
    let unknown = |part: &&Differing| part.after.as_ref().is_some_and(|after| !after.is_whole());
    // What the service says is unknown for the change's sake alone.
    let given = |part: &&Differing| {
        let config = change.config.as_ref().and_then(|config| config.at(&part.path));
        config.is_some_and(|value| !value.is_null())
    };
    match change.verb {
        Verb::Update { .. } if differing.iter().all(|part| unknown(&part)) => {
            let open = differing.iter().filter(given).map(|part| part.path.clone());
            match open.collect::<Vec<_>>() {
                open if open.is_empty() => Certainty::Certain,
                open => Certainty::Conditional(open),
            }
        }
        Verb::Replace { .. } if matches!(change.reason, Some(Reason::CannotUpdate)) => {
            // The parts that force it: where each is unknown, it may turn out as it is.
            let within = |path: &Path| change.replaces.iter().any(|of| begins(path, of));
            let forcing: Vec<&Differing> =
                differing.iter().filter(|part| within(&part.path)).collect();
            if forcing.is_empty() || !forcing.iter().all(unknown) {
                return Certainty::Certain;
            }
            let paths = forcing.iter().map(|part| part.path.clone()).collect();
            let others = differing.iter().filter(|part| !within(&part.path) && given(part));
            match others.filter(|part| !unknown(part)).count() {
                0 => Certainty::Conditional(paths),
                _ => Certainty::PerhapsReplaced(paths),
            }
        }
        _ => Certainty::Certain,
    }
}

fn begins(path: &Path, with: &Path) -> bool {
    path.0.len() >= with.0.len() && path.0.iter().zip(&with.0).all(|(own, of)| own == of)
}
