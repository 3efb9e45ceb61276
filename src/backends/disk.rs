//! Files of this machine, written so that a kill at any moment leaves the former file or the new one.
//!
//! A file is written whole: to a neighbour, synced, renamed, and the folder synced. What a killed run left of a neighbour is
//! removed by the next holder of the lock (`Disk::tidy`).
//!
//! For tests of this, `TERRANE_FAULT_WRITE` names a write and a moment in it at which the process is killed, or from which on the
//! disk is full or read-only: `docs/reliability.md` says how. It can destroy nothing that a kill or a full disk could not.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;
use rustix::process::{Signal, getpid, kill_process};
use tempfile::TempPath;

use crate::diag::Diagnostic;

/// The variable that names a fault.
const VARIABLE: &str = "TERRANE_FAULT_WRITE";

/// Between a file's name and what chance chose, in the name of a neighbour.
const MARK: &str = ".terrane-";

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Journal,
    State,
    Backup,
    /// A state that could not be saved.
    Aside,
    /// The record of who holds the lock.
    Record,
}

/// The way to this machine's files.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    fault: Option<Arc<Fault>>,
}

/// A fault that a test asks for.
#[derive(Debug)]
struct Fault {
    /// Nothing for any file.
    of: Option<Of>,
    /// Which write of such a file, from 1.
    number: u64,
    at: At,
    end: End,
    /// Later writes are spared.
    once: bool,
    writes: AtomicU64,
}

/// A moment in a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// When so many bytes are written.
    Bytes(usize),
    /// When all is written and synced; a file that is written whole is not in its place yet.
    Synced,
    /// When it is in its place, and its folder is not synced.
    Renamed,
}

/// What happens at that moment.
#[derive(Clone, Copy, Debug)]
enum End {
    Kill,
    Fail(Errno),
}

/// A write, and what becomes of it.
#[derive(Clone, Copy, Debug, Default)]
struct Step(Option<(At, End)>);

impl Step {
    /// Lets the fault happen where its moment has come.
    fn reach(self, at: At) -> io::Result<()> {
        match self.0 {
            Some((moment, end)) if moment == at => end.happen(),
            _ => Ok(()),
        }
    }

    fn fill(self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        if let Some((At::Bytes(most), end)) = self.0 {
            file.write_all(&bytes[..most.min(bytes.len())])?;
            return end.happen();
        }
        file.write_all(bytes)
    }
}

impl End {
    fn happen(self) -> io::Result<()> {
        match self {
            End::Fail(error) => Err(error.into()),
            End::Kill => {
                kill_process(getpid(), Signal::KILL)?;
                // The signal ends the process before it is back here.
                Err(io::ErrorKind::Interrupted.into())
            }
        }
    }
}

impl Disk {
    /// Makes it with the fault that the environment names.
    ///
    /// # Errors
    /// The fault is none.
    pub fn new(environment: &BTreeMap<String, String>) -> Result<Disk, Diagnostic> {
        let Some(text) = environment.get(VARIABLE) else { return Ok(Disk::default()) };
        let fault = fault(text).ok_or_else(|| {
            let detail = format!("{VARIABLE} is \"{text}\", which names no fault.");
            Diagnostic::error("Invalid fault", detail).help(
                "It is for tests alone: unset it, or write it as docs/reliability.md has it, like \"journal 3 17 kill\".",
            )
        })?;
        Ok(Disk { fault: Some(Arc::new(fault)) })
    }

    fn step(&self, of: Of) -> Step {
        let Some(fault) = &self.fault else { return Step::default() };
        if fault.of.is_some_and(|wanted| wanted != of) {
            return Step::default();
        }
        let number = fault.writes.fetch_add(1, Ordering::Relaxed) + 1;
        let hit = number == fault.number || (number > fault.number && !fault.once);
        Step(hit.then_some((fault.at, fault.end)))
    }

    /// Adds bytes to a file; they are durable when this returns.
    pub(super) fn append(&self, of: Of, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        let step = self.step(of);
        step.fill(file, bytes)?;
        file.sync_data()?;
        step.reach(At::Synced)
    }

    /// Writes a file whole, readable only by its owner.
    ///
    /// # Errors
    /// Why it could not be written; then the former file stands.
    pub(super) fn write_whole(&self, of: Of, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.filled(of, path, bytes)?.put()?.settle()
    }

    /// Fills a file that is to take another's place.
    pub(super) fn filled<'a>(
        &self,
        of: Of,
        path: &'a Path,
        bytes: &[u8],
    ) -> io::Result<Filled<'a>> {
        let step = self.step(of);
        let made = tempfile::Builder::new().prefix(&prefix(path)).tempfile_in(folder_of(path))?;
        let (mut file, temporary) = made.into_parts();
        step.fill(&mut file, bytes)?;
        file.sync_all()?;
        step.reach(At::Synced)?;
        Ok(Filled { file, temporary, path, step })
    }

    /// Removes what killed runs left of neighbours of a file. Only who alone writes it may do so.
    pub(super) fn tidy(path: &Path) {
        let prefix = prefix(path);
        let Ok(files) = fs::read_dir(folder_of(path)) else { return };
        for file in files.filter_map(Result::ok) {
            if file.file_name().to_string_lossy().starts_with(&prefix) {
                // What cannot be removed does no harm, and is tried again by the next run.
                let _ = fs::remove_file(file.path());
            }
        }
    }
}

/// A file that is whole and durable, and not in its place yet.
pub(super) struct Filled<'a> {
    pub(super) file: File,
    temporary: TempPath,
    path: &'a Path,
    step: Step,
}

/// A file in its place.
pub(super) struct Placed<'a> {
    pub(super) file: File,
    path: &'a Path,
    step: Step,
}

impl<'a> Filled<'a> {
    /// Puts it in its place.
    pub(super) fn put(self) -> io::Result<Placed<'a>> {
        self.temporary.persist(self.path).map_err(|error| error.error)?;
        Ok(Placed { file: self.file, path: self.path, step: self.step })
    }
}

impl Placed<'_> {
    /// Makes its place durable.
    pub(super) fn settle(&self) -> io::Result<()> {
        self.step.reach(At::Renamed)?;
        sync_folder(self.path)
    }
}

/// Writes a file whole, readable only by its owner.
///
/// # Errors
/// Why it could not be written; then the former file stands.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    Disk::default().write_whole(Of::Aside, path, bytes)
}

/// Writes a file of somebody else's anew: who may read it stays, and where its name is a link, what that leads to is written.
///
/// # Errors
/// Why it could not be written; then the former file stands.
pub fn rewrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let permissions = fs::metadata(&path)?.permissions();
    let filled = Disk::default().filled(Of::Aside, &path, bytes)?;
    filled.file.set_permissions(permissions)?;
    filled.put()?.settle()
}

/// Gives the folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes durable which files are in a file's folder.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path)).and_then(|folder| folder.sync_all())
}

/// Reads a text; an empty one where there is no file.
pub(super) fn read_if_there(path: &Path) -> io::Result<String> {
    match fs::read(path) {
        Ok(bytes) => text_of(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// Takes bytes as a text.
pub(super) fn text_of(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Gives what the names of a file's neighbours begin with.
fn prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{}{MARK}", name.trim_start_matches('.'))
}

/// Says whether a file is a neighbour, which is not in its place.
pub(super) fn is_neighbour(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains(MARK))
}

/// Reads `FILE NUMBER MOMENT END [once]`.
fn fault(text: &str) -> Option<Fault> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (words, once) = match words.as_slice() {
        [words @ .., "once"] => (words, true),
        words => (words, false),
    };
    let [of, number, at, end] = words else { return None };
    let of = match *of {
        "any" => None,
        "journal" => Some(Of::Journal),
        "state" => Some(Of::State),
        "backup" => Some(Of::Backup),
        "aside" => Some(Of::Aside),
        "record" => Some(Of::Record),
        _ => return None,
    };
    let at = match *at {
        "synced" => At::Synced,
        "renamed" => At::Renamed,
        bytes => At::Bytes(bytes.parse().ok()?),
    };
    let end = match *end {
        "kill" => End::Kill,
        "full" => End::Fail(Errno::NOSPC),
        "readonly" => End::Fail(Errno::ROFS),
        _ => return None,
    };
    let number = number.parse().ok()?;
    Some(Fault { of, number, at, end, once, writes: AtomicU64::new(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(text: &str) -> Disk {
        Disk::new(&BTreeMap::from([(VARIABLE.to_string(), text.to_string())])).unwrap()
    }

    #[test]
    fn a_write_that_fails_leaves_the_former_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for fault in ["state 2 0 full", "state 2 2 full", "any 2 synced readonly"] {
            let disk = disk(fault);
            disk.write_whole(Of::State, &path, b"former").unwrap();

            assert!(disk.write_whole(Of::State, &path, b"next").is_err(), "{fault}");
            assert!(disk.write_whole(Of::State, &path, b"next").is_err(), "{fault}");

            assert_eq!(fs::read(&path).unwrap(), b"former", "{fault}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{fault}");
        }
    }

    #[test]
    fn a_fault_is_of_one_kind_of_file_and_may_pass() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let disk = disk("state 1 0 full once");

        disk.write_whole(Of::Backup, &path, b"a").unwrap();
        disk.write_whole(Of::State, &path, b"b").unwrap_err();
        disk.write_whole(Of::State, &path, b"c").unwrap();

        assert_eq!(fs::read(&path).unwrap(), b"c");
    }

    #[test]
    fn what_names_no_fault_is_refused() {
        for text in ["", "journal", "journal 1 x kill", "plan 1 1 kill", "journal 1 1 kill twice"] {
            assert!(fault(text).is_none(), "{text}");
        }
    }

    #[test]
    fn neighbours_that_were_left_are_removed_and_other_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", ".a.terrane-x", ".ab.terrane-x", "terrane-x"] {
            fs::write(folder.path().join(name), "").unwrap();
        }

        Disk::tidy(&folder.path().join("a"));

        let left = fs::read_dir(folder.path()).unwrap().flatten();
        let mut left: Vec<_> = left.map(|it| it.file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, [".ab.terrane-x", "a", "terrane-x"]);
    }
}
