//! The files in which users describe resource types of their own.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::diag::{Diagnostic, FileId, Sources};
use crate::providers::google::own::{ENDING, own_types};
use crate::providers::rest::spec::Spec;

/// Folders with such files, beside the configuration's own: several are separated as those of PATH are.
pub(super) const FOLDERS: &str = "TERRANE_RESOURCE_TYPES";

/// Reads the types of the folders; the first is the configuration's own, and need not be there.
///
/// # Errors
/// What is wrong with the files, which are taken into `sources` then.
pub(super) fn read(
    folders: &[PathBuf],
    sources: &mut Sources,
) -> Result<Vec<Spec>, Vec<Diagnostic>> {
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    for (place, folder) in folders.iter().enumerate() {
        if !seen.insert(folder.canonicalize().unwrap_or_else(|_| folder.clone())) {
            continue;
        }
        match texts(folder) {
            Ok(found) if place == 0 => {
                files.extend(found.into_iter().map(|(path, text)| (name(&path), text)))
            }
            Ok(found) => files
                .extend(found.into_iter().map(|(path, text)| (path.display().to_string(), text))),
            Err((path, error))
                if place == 0 && path == *folder && error.kind() == ErrorKind::NotFound => {}
            Err((path, error)) => {
                let source = if place == 0 { String::new() } else { format!(" ({FOLDERS})") };
                let detail = format!("{}{source} cannot be read: {error}.", path.display());
                return Err(vec![Diagnostic::error("Resource types not read", detail)]);
            }
        }
    }
    let unnamed: Vec<(FileId, &str)> =
        files.iter().map(|(_, text)| (FileId::default(), text.as_str())).collect();
    // What is fine needs no place in the sources: a run's files are those of the configuration.
    own_types(&unnamed).or_else(|_| {
        let named: Vec<(FileId, &str)> =
            files.iter().map(|(name, text)| (sources.add(name, text), text.as_str())).collect();
        own_types(&named)
    })
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Gives the files of a folder by their names; what cannot be read, the folder or a file, is told by its path.
fn texts(folder: &Path) -> Result<Vec<(PathBuf, String)>, (PathBuf, std::io::Error)> {
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |error| (path, error)
    };
    let mut paths = std::fs::read_dir(folder)
        .map_err(at(folder))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<PathBuf>>>()
        .map_err(at(folder))?;
    paths.retain(|path| {
        let name = name(path);
        name.ends_with(ENDING) && !name.starts_with('.')
    });
    paths.sort();
    paths
        .into_iter()
        .map(|path| match std::fs::read_to_string(&path) {
            Ok(text) => Ok((path, text)),
            Err(error) => Err((path, error)),
        })
        .collect()
}
