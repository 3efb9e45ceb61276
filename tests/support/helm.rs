//! Finds the `helm` programs of this machine: named by TERRANE_HELM, on the PATH, or where `.ci/install-clients` puts them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// Gives one program of each generation that is there, by its number; says so where there is none.
pub(crate) fn helms() -> BTreeMap<u32, PathBuf> {
    let mut found = BTreeMap::new();
    for (version, place) in all() {
        let major = version.split('.').next().and_then(|it| it.parse().ok());
        if let Some(major @ (3 | 4)) = major {
            found.entry(major).or_insert(place);
        }
    }
    found
}

/// Gives one program of each version that is there, in the order in which they are looked for; says so where there is none.
#[allow(clippy::print_stderr, reason = "what is left out for want of a program must be seen")]
pub(crate) fn all() -> Vec<(String, PathBuf)> {
    let mut places: Vec<PathBuf> =
        std::env::var_os("TERRANE_HELM").map(PathBuf::from).into_iter().collect();
    let folders = std::env::var_os("PATH").unwrap_or_default();
    places.extend(std::env::split_paths(&folders).map(|folder| folder.join("helm")));
    let clients = std::env::temp_dir().join("terrane-clients/opt");
    let packages = ["v35", "v34", "v33", "v32", "v31"];
    places.extend(packages.map(|package| clients.join(package).join("helm")));
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    for place in places.into_iter().filter(|place| place.is_file()) {
        let said = Command::new(&place).args(["version", "--template", "{{.Version}}"]).output();
        let Ok(said) = said else { continue };
        let text = String::from_utf8_lossy(&said.stdout);
        let version = text.trim().trim_start_matches('v').to_owned();
        if !version.is_empty() && found.iter().all(|(known, _)| *known != version) {
            found.push((version, place));
        }
    }
    if found.is_empty() {
        eprintln!(
            "NO HELM: what needs the real program is left out; `.ci/install-clients` brings it"
        );
    }
    found
}
