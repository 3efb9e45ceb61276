//! `terrane drift -accept`: what is live is written into the configuration.
//!
//! What is written was proven before by a plan with it (`prove.rs`): edits that do not hold are told with why, and no file ever has
//! them. Each file is written whole.

use super::Exit;
use super::prove::{Proof, Texts, Wanted, Work, proven};
use super::workbench::{Workbench, file_problem};
use crate::addr::{Address, Target};
use crate::backends::disk::rewrite;
use crate::drift::accept::Editor;
use crate::drift::text::{Splice, edits};
use crate::drift::{Acceptance, Edit, Finding, Remedy, Report};
use crate::plan::Change;
use crate::providers::Registry;

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    /// The instances that are configured as they are, with the edits of each.
    pub(super) done: Vec<(Address, Vec<Edit>)>,
    /// Those that are not, each with why.
    pub(super) left: Vec<(Address, String)>,
}

/// Gives the edits by which a finding's live object is written, or what is gone is taken out, as far as the texts alone tell. What
/// is gone has no change.
///
/// # Errors
/// Why it cannot be written, in full sentences.
pub(super) fn splices(
    editor: &Editor<'_>,
    registry: &Registry,
    finding: &Finding,
    change: Option<&Change>,
) -> Result<Vec<Splice>, String> {
    let address = finding.address.as_ref().ok_or("It is managed by nobody.")?;
    let Some(change) = change else {
        let block = finding.place.ok_or("It has no block.")?;
        return editor.removed(address, block);
    };
    let provider = registry.provider(&change.provider.source);
    let schema = provider.and_then(|of| of.resource(address.mode, &address.type_name));
    let schema = schema.ok_or("Its resource type is not known here.")?;
    editor.accepted(address, change, &schema)
}

/// Proves the edits of a report's findings; those that do not hold are no remedy.
pub(super) fn prove(
    workbench: &mut Workbench<'_, '_>,
    work: &Work<'_>,
    report: &mut Report,
    wanted: Vec<Wanted>,
) -> Vec<Wanted> {
    if wanted.is_empty() {
        return wanted;
    }
    let Proof { good, bad } = proven(workbench, work, wanted);
    for finding in &mut report.findings {
        let own = |(address, _): &&(Address, String)| finding.address.as_ref() == Some(address);
        let Some((_, why)) = bad.iter().find(own) else { continue };
        for remedy in &mut finding.remedies {
            if let Remedy::Accept(acceptance @ Acceptance::Edits(_)) = remedy {
                *acceptance = Acceptance::Impossible { why: why.clone() };
            }
        }
    }
    good
}

/// Writes what is live for the chosen findings; for all where none is chosen. `good` are the edits that are proven.
pub(super) fn accept(
    workbench: &mut Workbench<'_, '_>,
    work: &Work<'_>,
    report: &Report,
    (good, chosen): (Vec<Wanted>, &[Target]),
) -> Result<Accepted, Exit> {
    let mut accepted = Accepted::default();
    let is_chosen =
        |address: &Address| chosen.is_empty() || chosen.iter().any(|of| address.is_within(of));
    let told = |address: &Address| {
        report.findings.iter().any(|finding| finding.address.as_ref() == Some(address))
    };
    for finding in &report.findings {
        let Some(address) = finding.address.as_ref().filter(|of| is_chosen(of)) else { continue };
        for remedy in &finding.remedies {
            if let Remedy::Accept(Acceptance::Impossible { why }) = remedy {
                accepted.left.push((address.clone(), why.clone()));
            }
        }
    }
    let all = good.len();
    let mut wanted: Vec<Wanted> =
        good.into_iter().filter(|(address, _)| is_chosen(address) && told(address)).collect();
    if wanted.len() < all {
        // What holds together may not hold apart.
        let proof = proven(workbench, work, wanted);
        accepted.left.extend(proof.bad);
        wanted = proof.good;
    }
    write(workbench, work, &wanted)?;
    for (address, splices) in wanted {
        let told = edits(&workbench.sources, &splices);
        accepted.done.push((address, told));
    }
    Ok(accepted)
}

fn write(
    workbench: &mut Workbench<'_, '_>,
    work: &Work<'_>,
    wanted: &[Wanted],
) -> Result<(), Exit> {
    let texts = Texts::of(workbench, work.matches, wanted).changed(wanted);
    let texts = texts.map_err(|why| {
        let problem = crate::diag::Diagnostic::error("Failed to write what is live", why);
        workbench.fail(&[problem])
    })?;
    for (path, text) in texts {
        if let Err(error) = rewrite(&path, text.as_bytes()) {
            return Err(workbench.fail(&[file_problem("Failed to write file", &path, &error)]));
        }
    }
    Ok(())
}
