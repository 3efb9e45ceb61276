//! Modules that were installed from elsewhere: the list that `init` keeps of them (Terraform's `modules.json`).

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::source::{self, Source};
use super::version::{Constraint, Version};
use super::{Loader, ModuleCall};
use crate::diag::Diagnostic;

/// The summary of what is said where a module's files are not there.
pub const NOT_INSTALLED: &str = "Module not installed";

/// An installed module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledModule {
    /// The `source` that it was installed from.
    pub source: String,
    /// Its version, where the source has versions.
    pub version: Option<String>,
    /// Its folder, relative to the root module's.
    pub folder: PathBuf,
}

/// The installed modules, by the names of the calls that lead to each, with dots between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest(pub BTreeMap<String, InstalledModule>);

impl Manifest {
    /// Reads the list; what is no entry is passed over.
    pub fn parse(text: &str) -> Manifest {
        let json: Json = serde_json::from_str(text).unwrap_or_default();
        let entries = json["Modules"].as_array().into_iter().flatten().filter_map(|entry| {
            let text = |name: &str| Some(entry.get(name)?.as_str()?.to_string());
            let module = InstalledModule {
                source: text("Source")?,
                version: text("Version"),
                folder: text("Dir")?.into(),
            };
            Some((text("Key")?, module))
        });
        Manifest(entries.filter(|(key, _)| !key.is_empty()).collect())
    }

    /// Writes the list.
    pub fn to_text(&self) -> String {
        let root = json!({ "Key": "", "Source": "", "Dir": "." });
        let entries = self.0.iter().map(|(key, module)| {
            let mut entry = json!({ "Key": key, "Source": module.source });
            if let Some(version) = &module.version {
                entry["Version"] = version.as_str().into();
            }
            entry["Dir"] = module.folder.to_string_lossy().into();
            entry
        });
        let entries: Vec<Json> = std::iter::once(root).chain(entries).collect();
        json!({ "Modules": entries }).to_string()
    }
}

/// Reads files by another loader, and knows the installed modules.
pub struct Installed<'a> {
    /// Reads the files.
    pub files: &'a dyn Loader,
    /// The installed modules.
    pub manifest: Manifest,
}

impl Loader for Installed<'_> {
    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.files.list(folder)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.read(path)
    }

    fn installed(&self, path: &[String]) -> Option<InstalledModule> {
        self.manifest.0.get(&path.join(".")).cloned()
    }
}

/// Gives the installed module of a call.
///
/// # Errors
/// There is none, it came from somewhere else, or it has a version that the call does not take.
pub(super) fn find(
    installed: Option<InstalledModule>,
    call: &ModuleCall,
) -> Result<InstalledModule, Box<Diagnostic>> {
    let Some(found) = installed else { return Err(Box::new(missing(call))) };
    if !is_same(&found.source, &call.source.text) {
        let detail = "The source address was changed since this module was installed. Run \"terrane init\" to install all \
                      modules required by this configuration.";
        let problem = Diagnostic::error("Module source has changed", detail);
        return Err(Box::new(problem.at(call.source.span, "")));
    }
    let wanted = call.version.as_ref().and_then(|version| Constraint::parse(&version.text));
    let version = found.version.as_deref().and_then(Version::parse);
    if let (Some(wanted), Some(version), Some(written)) = (wanted, version, &call.version)
        && !wanted.allows(&version)
    {
        let detail = "The version requirements have changed since this module was installed and the installed version is no \
                      longer acceptable. Run \"terrane init\" to install all modules required by this configuration.";
        let problem = Diagnostic::error("Module version requirements have changed", detail);
        return Err(Box::new(problem.at(written.span, "")));
    }
    Ok(found)
}

/// Says whether two sources mean the same: both may be written in several ways.
pub fn is_same(left: &str, right: &str) -> bool {
    let short = |text: &str| text.trim_start_matches("registry.terraform.io/").to_string();
    match (source::parse(left), source::parse(right)) {
        (Ok(Source::Git(left)), Ok(Source::Git(right))) => left == right,
        _ => short(left) == short(right),
    }
}

fn missing(call: &ModuleCall) -> Diagnostic {
    if source::parse(&call.source.text) == Ok(Source::Registry) {
        let name = &call.name.text;
        let detail = format!(
            "The module \"{name}\" comes from the registry address \"{}\", and registries are not spoken to.",
            call.source.text
        );
        return Diagnostic::error("Module comes from a registry", detail)
            .at(call.source.span, "")
            .help(format!(
                "Take it from its git repository, which its page in the registry names: source = \"git::https://…?ref=v1.2.3\", \
                 without version. Or copy it into the folder ./modules/{name} and name that."
            ))
            .help("A copy that `terraform init` has put in .terraform/modules is used as it is.");
    }
    let detail = "This module is not yet installed. Run \"terrane init\" to install all modules required by this configuration.";
    Diagnostic::error(NOT_INSTALLED, detail).at(call.span, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_back_what_it_writes() {
        let module = |source: &str, version: Option<&str>, folder: &str| InstalledModule {
            source: source.into(),
            version: version.map(String::from),
            folder: folder.into(),
        };
        let manifest = Manifest(BTreeMap::from([
            ("a".into(), module("git::https://h/a", None, ".terrane/modules/a")),
            ("a.b".into(), module("x/y/google", Some("1.2.3"), ".terrane/modules/a.b/sub")),
        ]));

        assert_eq!(Manifest::parse(&manifest.to_text()), manifest);
        assert_eq!(Manifest::parse("no json"), Manifest::default());
    }

    #[test]
    fn a_source_is_the_same_in_other_words() {
        assert!(is_same("git::https://github.com/a/b.git//c?ref=v1", "github.com/a/b//c?ref=v1"));
        assert!(is_same("registry.terraform.io/a/b/google", "a/b/google"));
        assert!(!is_same("github.com/a/b?ref=v1", "github.com/a/b?ref=v2"));
    }
}
