//! `-require-live`: a plan is refused where a cluster was not asked what it would make of it.

use super::planner::Planner;
use crate::addr::Mode;
use crate::diag::Diagnostic;
use crate::eval::Desired;
use crate::providers::Preview;

/// Names the instances whose plan no cluster has checked: there is none yet, or it cannot say.
pub(super) fn unchecked(planner: &Planner<'_>, desired: &Desired) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for address in planner.drafts.keys().filter(|address| address.mode == Mode::Managed) {
        let Some(instance) = desired.instances.get(address) else { continue };
        let provider = planner.sessions.provider(&instance.provider);
        let server = provider.and_then(|provider| provider.endpoint_argument());
        let Some(argument) = server else { continue };
        let known =
            desired.providers.get(&instance.provider).is_some_and(|config| config.value.is_whole());
        let name = &instance.provider.name;
        let why = match planner.previews.get(address).map(|made| &made.preview) {
            _ if !known => format!(
                "The configuration of provider \"{name}\" is known only after apply (`{argument}` comes from what is not \
                 made yet), so this was planned from the bundled definitions."
            ),
            Some(
                Preview::Unverified(note) | Preview::Sharper { unchecked: note @ Some(_), .. },
            ) => {
                let note = note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
                format!("The server of provider \"{name}\" did not check this{note}.")
            }
            _ => continue,
        };
        let mut problem = Diagnostic::error("Not checked live", why.clone())
            .about(address)
            .at(instance.span, "")
            .help("Apply what the server needs first (-target), or plan without -require-live.");
        problem.root = Some(why);
        problems.push(problem);
    }
    problems
}
