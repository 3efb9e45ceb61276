//! `terrane fmt`: files in their canonical layout.

use std::path::{Path, PathBuf};
use std::process::Command as Process;

use clap::{Arg, ArgAction, ArgMatches};

use super::workbench::Workbench;
use super::{Command, Exit, all, flag, flag_on};
use crate::backends::disk::write_whole;
use crate::config;
use crate::diag::{Diagnostic, has_errors};
use crate::syntax;

pub(super) const COMMAND: Command = Command {
    name: "fmt",
    about: "Rewrite files in the canonical layout",
    arguments: |command| {
        command
            .arg(
                Arg::new("target")
                    .value_name("TARGET")
                    .action(ArgAction::Append)
                    .num_args(0..)
                    .allow_hyphen_values(true)
                    .help("Files or folders; - for standard input; the folder itself where none is given"),
            )
            .arg(flag_on("list", "Name the files whose layout differs"))
            .arg(flag_on("write", "Write the files; never with - or -check"))
            .arg(flag("diff", "Show what would change"))
            .arg(flag("check", "Change nothing; exit with 3 where a file's layout differs"))
            .arg(flag("recursive", "Take the folders within as well"))
    },
    run,
};

/// The endings of the files that are laid out.
const ENDINGS: [&str; 4] = [".tf", ".tfvars", ".tftest.hcl", ".tfmock.hcl"];

/// What is asked, and what came of it.
struct Formatting {
    list: bool,
    write: bool,
    diff: bool,
    recursive: bool,
    out: String,
    problems: Vec<Diagnostic>,
}

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    let on = |name: &str| matches.get_one::<bool>(name).copied().unwrap_or(false);
    let targets = all(matches, "target");
    let stdin = targets.first().is_some_and(|target| target == "-");
    if let Some(flag) = targets.iter().find(|target| target.len() > 1 && target.starts_with('-')) {
        let name = flag.trim_start_matches('-');
        let why = "Error parsing command-line flags: flag provided but not defined";
        return workbench.refuse(&format!("{why}: -{name}"));
    }
    let check = on("check");
    let shown = on("list") && !stdin;
    let mut formatting = Formatting {
        // What is only checked is listed in any case: an empty list says that all is well.
        list: shown || check,
        write: on("write") && !stdin && !check,
        diff: on("diff"),
        recursive: on("recursive"),
        out: String::new(),
        problems: Vec::new(),
    };
    if stdin {
        formatting.input(workbench, targets.len());
    } else if targets.is_empty() {
        formatting.folder(workbench, Path::new(""));
    } else {
        formatting.targets(workbench, &targets);
    }
    let Formatting { out, problems, .. } = formatting;
    workbench.tell(&problems);
    if has_errors(&problems) {
        if !check {
            workbench.screen.print(out);
        }
        return 2;
    }
    if !check || shown {
        workbench.screen.print(&out);
    }
    if check && !out.is_empty() { 3 } else { 0 }
}

impl Formatting {
    fn input(&mut self, workbench: &mut Workbench<'_, '_>, targets: usize) {
        if targets > 1 {
            let detail = "The option \"-\" cannot be used together with other targets.";
            self.problems.push(Diagnostic::error("Invalid target", detail));
            return;
        }
        match workbench.environment.standard_input() {
            Ok(text) => self.text(workbench, "<stdin>", None, &text),
            Err(error) => {
                let detail = format!("Failed to read from stdin: {error}.");
                self.problems.push(Diagnostic::error("Input not readable", detail));
            }
        }
    }

    fn targets(&mut self, workbench: &mut Workbench<'_, '_>, targets: &[String]) {
        for target in targets {
            let name = clean(target);
            let path = workbench.folder.join(&name);
            if path.is_dir() {
                self.folder(workbench, &name);
            } else if !path.exists() {
                let summary = format!("No file or directory at {}", name.display());
                self.problems.push(Diagnostic::error(summary, ""));
                return;
            } else if is_ours(target) {
                self.file(workbench, &name);
            } else {
                let summary =
                    "Only .tf, .tfvars, and .tftest.hcl files can be processed with terrane fmt";
                self.problems.push(Diagnostic::error(summary, ""));
            }
        }
    }

    fn folder(&mut self, workbench: &mut Workbench<'_, '_>, name: &Path) {
        let path = workbench.folder.join(name);
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) => {
                let summary = format!("Cannot read directory {}", name.display());
                self.problems.push(Diagnostic::error(summary, format!("{error}.")));
                return;
            }
        };
        let mut entries: Vec<(String, bool)> = entries
            .flatten()
            .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path().is_dir()))
            .filter(|(name, _)| !is_ignored(name))
            .collect();
        entries.sort();
        for (entry, is_folder) in entries {
            if is_folder && self.recursive {
                self.folder(workbench, &name.join(&entry));
            } else if !is_folder && is_ours(&entry) {
                self.file(workbench, &name.join(&entry));
            }
        }
    }

    fn file(&mut self, workbench: &mut Workbench<'_, '_>, name: &Path) {
        let path = workbench.folder.join(name);
        let shown = name.display().to_string();
        match std::fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => self.text(workbench, &shown, Some(&path), &text),
            Ok(Err(_)) => {
                let detail = format!("The file {shown} is not UTF-8 text.");
                self.problems.push(Diagnostic::error("Invalid character encoding", detail));
            }
            Err(_) => {
                let summary = format!("Failed to read file {shown}");
                self.problems.push(Diagnostic::error(summary, ""));
            }
        }
    }

    /// Lays one text out, and tells or writes it as asked.
    fn text(
        &mut self,
        workbench: &mut Workbench<'_, '_>,
        name: &str,
        path: Option<&Path>,
        text: &str,
    ) {
        let file = workbench.sources.add(name, text);
        let result = match syntax::format(file, name, text) {
            Ok(result) => result,
            Err(problems) => {
                let (tree, _) = syntax::parse_named(file, name, text);
                self.problems.extend(config::told_in_blocks(&tree, problems));
                return;
            }
        };
        if result != text {
            if self.list {
                self.out += &format!("{name}\n");
            }
            if let Some(path) = path.filter(|_| self.write)
                && let Err(error) = written(path, result.as_bytes())
            {
                let summary = format!("Failed to write {name}");
                self.problems.push(Diagnostic::error(summary, format!("{error}.")));
            }
            if self.diff {
                self.out += &difference(name, text, &result);
            }
        }
        if !self.list && !self.write && !self.diff {
            let end = if result.ends_with('\n') { "" } else { "\n" };
            self.out += &format!("{result}{end}");
        }
    }
}

/// Gives what differs between two layouts of a file: as the machine's `diff` tells it, which Terraform asks too, or by
/// ourselves where there is none.
fn difference(name: &str, old: &str, new: &str) -> String {
    let (before, after) = (format!("old/{name}"), format!("new/{name}"));
    by_program(&before, &after, old, new).unwrap_or_else(|| {
        let difference = similar::TextDiff::from_lines(old, new);
        difference.unified_diff().context_radius(3).header(&before, &after).to_string()
    })
}

fn by_program(before: &str, after: &str, old: &str, new: &str) -> Option<String> {
    let folder = tempfile::tempdir().ok()?;
    let files = ["old", "new"].map(|name| folder.path().join(name));
    std::fs::write(&files[0], old).ok()?;
    std::fs::write(&files[1], new).ok()?;
    let labels = [before, after].map(|label| format!("--label={label}"));
    let told = Process::new("diff").args(labels).arg("-u").args(files).output().ok()?;
    // 1 says that there is a difference.
    let told = (told.status.code() == Some(1)).then_some(told.stdout)?;
    String::from_utf8(told).ok()
}

/// Writes a file whole; what a link leads to stays where it is, and who may read it stays too.
fn written(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let path = path.canonicalize()?;
    let permissions = std::fs::metadata(&path)?.permissions();
    write_whole(&path, bytes)?;
    std::fs::set_permissions(&path, permissions)
}

/// Gives a target as it is named: without `./` and with no slash at its end.
fn clean(target: &str) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in Path::new(target).components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir if clean.file_name().is_some() => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

fn is_ours(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Says whether a name is one of an editor's own files, or hidden.
fn is_ignored(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'))
}
