//! `terrane drift -stacks=DIR`: every root module below a folder, several at once. What fails in one does not end the others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use clap::ArgMatches;

use super::drift::look;
use super::environment::{Environment, Screen};
use super::workbench::Workbench;
use super::{Exit, one, option};
use crate::diag::{Diagnostic, FileId};
use crate::drift::stacks::{Stack, Told, cause};
use crate::render;
use crate::render::drift_stacks::has_drift;
use crate::render::json::Reveal;
use crate::syntax;
use crate::syntax::tree::Block;

/// So many stacks are looked at at once, where nothing is said.
const AT_ONCE: usize = 8;

/// The arguments.
pub(super) fn arguments(command: clap::Command) -> clap::Command {
    command.arg(option("stacks", "DIR", "Look at every root module below this folder"))
}

/// Says whether it is asked for.
pub(super) fn is_asked(matches: &ArgMatches) -> bool {
    one(matches, "stacks").is_some()
}

/// Looks at all stacks, and tells the same cause over several of them once.
pub(super) fn stacks(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
) -> Result<Exit, Exit> {
    let top = workbench.folder.join(one(matches, "stacks").unwrap_or("."));
    let roots = roots(&top);
    if roots.is_empty() {
        let detail = format!("There is no root module below {}.", top.display());
        return Err(workbench.fail(&[Diagnostic::error("No stacks", detail)]));
    }
    let environment = Environment { end: None, ..workbench.environment.clone() };
    let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let width = matches.get_one::<u16>("parallelism").map_or(AT_ONCE, |width| usize::from(*width));
    let style = workbench.style();
    std::thread::scope(|scope| {
        for _ in 0..width.min(roots.len()) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(root) = roots.get(place) else { return };
                    let name = root.strip_prefix(&top).unwrap_or(root).display().to_string();
                    let name = if name.is_empty() { ".".to_string() } else { name };
                    let stack = one_stack(&environment, matches, root, name, &style);
                    found.lock().unwrap_or_else(PoisonError::into_inner).insert(place, stack);
                }
            });
        }
    });
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let stacks: Vec<Stack> = found.into_values().collect();
    if workbench.json() {
        let document = render::drift_stacks::json(&stacks);
        workbench.screen.print(format!("{document:#}\n"));
    } else {
        workbench.screen.print(render::drift_stacks::text(&stacks, &style));
    }
    let failed = stacks.iter().any(|stack| stack.found.is_err() || stack.unread > 0);
    Ok(match (failed, stacks.iter().any(has_drift)) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 0,
    })
}

/// Looks at one stack, with a screen of its own.
fn one_stack(
    environment: &Environment,
    matches: &ArgMatches,
    folder: &Path,
    name: String,
    style: &render::Style,
) -> Stack {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut nobody = || None;
    let mut screen = Screen {
        out: &mut out,
        err: &mut err,
        ask: &mut nobody,
        colour: style.color,
        live: false,
        width: style.width + 2,
    };
    let looked = Workbench::open_in(folder.to_owned(), environment, &mut screen, matches, matches);
    let found = looked.and_then(|mut workbench| {
        workbench.held = Some(Vec::new());
        let looked = look(&mut workbench, matches, None);
        let problems = workbench.held.take().unwrap_or_default();
        let sources = &workbench.sources;
        let told = looked.map(|looked| {
            let told = looked.report.findings.iter().map(|finding| Told {
                name: finding.name(),
                cause: cause(finding),
                text: render::drift::told_of(finding, sources, *style),
                json: render::json::drift::finding(finding, sources, Reveal::No),
                quiet: render::drift::is_quiet(finding),
                settled: finding.is_settled(),
            });
            let report = &looked.report;
            let mut notes = report.notes.clone();
            let unread = report.unread.iter();
            notes.extend(unread.map(|(address, why)| format!("Not read: {address}: {why}.")));
            (told.collect::<Vec<Told>>(), report.looked_at, report.unread.len(), notes)
        });
        if told.is_err() {
            workbench.tell(&problems);
        }
        let exit = u8::from(told.is_err());
        let closed = workbench.close(exit);
        told.map_err(|_| closed)
    });
    match found {
        Ok((told, looked_at, unread, notes)) => {
            Stack { name, looked_at, found: Ok(told), unread, notes }
        }
        Err(_) => {
            out.extend(err);
            let why = String::from_utf8_lossy(&out).into_owned();
            Stack { name, looked_at: 0, found: Err(why), unread: 0, notes: Vec::new() }
        }
    }
}

/// Finds the root modules below a folder: folders with configuration that no other one calls, or that have a state or a backend.
fn roots(top: &Path) -> Vec<PathBuf> {
    let (mut modules, mut called, mut stateful) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut open = vec![top.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            // What is linked is looked at where it is.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if !name.starts_with('.') && name != "node_modules" {
                    open.push(path);
                }
                continue;
            }
            if name == "terraform.tfstate" {
                stateful.insert(folder.clone());
            }
            if name.ends_with(".tf.json") {
                modules.insert(folder.clone());
            }
            if !name.ends_with(".tf") {
                continue;
            }
            modules.insert(folder.clone());
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let (file, _) = syntax::parse(FileId::default(), &text);
            for block in &file.body.blocks {
                if has_backend(block) {
                    stateful.insert(folder.clone());
                }
                called.extend(called_by(block, &folder));
            }
        }
    }
    let whole = |folder: &PathBuf| std::fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
    let is_root = |folder: &PathBuf| stateful.contains(folder) || !called.contains(&whole(folder));
    modules.into_iter().filter(is_root).collect()
}

fn has_backend(block: &Block) -> bool {
    let inner = |block: &Block| matches!(block.kind.text.as_str(), "backend" | "cloud");
    block.kind.text == "terraform" && block.body.blocks.iter().any(inner)
}

/// Gives the folder of a module that a block calls, where it is one beside it.
fn called_by(block: &Block, folder: &Path) -> Option<PathBuf> {
    if block.kind.text != "module" {
        return None;
    }
    let source = block.body.attributes.iter().find(|of| of.name.text == "source")?;
    let source = source.expr.literal()?;
    let beside = source.starts_with("./") || source.starts_with("../");
    beside.then(|| std::fs::canonicalize(folder.join(source)).ok()).flatten()
}
