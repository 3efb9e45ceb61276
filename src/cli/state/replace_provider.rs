//! `terrane state replace-provider`: objects of one provider become another's.

use std::collections::BTreeSet;

use clap::{Arg, ArgMatches};

use super::super::workbench::Workbench;
use super::super::{Exit, flag, one};
use crate::addr::{Address, Mode};
use crate::state::Snapshot;
use crate::state::provider::{ProviderName, full, short};

/// The command's arguments.
pub(super) fn arguments(command: clap::Command) -> clap::Command {
    command
        .about("Give objects of one provider to another")
        .arg(Arg::new("from").required(true).value_name("FROM_PROVIDER_FQN"))
        .arg(Arg::new("to").required(true).value_name("TO_PROVIDER_FQN"))
        .arg(flag("auto-approve", "Do not ask"))
}

/// Finds the objects, asks, and renames their provider.
pub(super) fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let from = source(one(matches, "from").unwrap_or_default());
    let to = source(one(matches, "to").unwrap_or_default());
    let backend = workbench.rewritten(matches)?;
    let (mut lock, mut snapshot) =
        workbench.locked(backend.as_ref(), "state-replace-provider", matches)?;
    let blocks = replaced(&mut snapshot, &from, &to);
    let agreed = !blocks.is_empty() && approved(workbench, matches, &from, &to, &blocks);
    let saved =
        if agreed { workbench.runtime.block_on(lock.save(&snapshot)).map(|_| ()) } else { Ok(()) };
    let unlocked = workbench.unlock(lock);
    saved.map_err(|error| workbench.fail(&[error.to_diagnostic()]))?;
    if blocks.is_empty() {
        workbench.screen.line("No matching resources found.");
    } else if agreed {
        let count = blocks.len();
        workbench.screen.line(format!("\nSuccessfully replaced provider for {count} resources."));
    } else {
        workbench.screen.line("Cancelled replacing providers.");
    }
    if unlocked == 0 { Ok(()) } else { Err(unlocked) }
}

/// Gives a source as the state names it.
fn source(text: &str) -> String {
    short(&full(text)).to_string()
}

/// Renames the provider of objects; gives their blocks.
fn replaced(snapshot: &mut Snapshot, from: &str, to: &str) -> BTreeSet<Address> {
    let mut blocks = BTreeSet::new();
    for (address, tracked) in &mut snapshot.objects {
        let objects = tracked.current.iter_mut().chain(tracked.deposed.values_mut());
        for object in objects {
            let Some(name) = ProviderName::parse(&object.provider) else { continue };
            if name.source == from {
                object.provider = ProviderName { source: to.to_string(), ..name }.to_string();
                if address.mode == Mode::Managed {
                    blocks.insert(address.block());
                }
            }
        }
    }
    blocks
}

fn approved(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    from: &str,
    to: &str,
    blocks: &BTreeSet<Address>,
) -> bool {
    let blocks: Vec<String> = blocks.iter().map(|block| format!("  {block}\n")).collect();
    workbench.screen.print(format!(
        "Terrane will perform the following actions:\n\n  ~ Updating provider:\n    - {}\n    + {}\n\nChanging {} \
         resources:\n\n{}",
        full(from),
        full(to),
        blocks.len(),
        blocks.concat()
    ));
    if matches.get_one::<bool>("auto-approve").copied().unwrap_or(false) {
        return true;
    }
    workbench.screen.print(
        "\nDo you want to make these changes?\nOnly 'yes' will be accepted to continue.\n\nEnter a value: ",
    );
    let answer = (workbench.screen.ask)();
    answer.as_deref().map(str::trim) == Some("yes")
}
