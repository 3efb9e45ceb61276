//! `plan -generate-config-out`: blocks for the objects that `import` blocks name and the configuration has none of.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::workbench::{Workbench, file_problem};
use super::{Exit, one, variables};
use crate::addr::{Address, Mode, Target};
use crate::apply::recover::{self, Given};
use crate::backends::disk::write_whole;
use crate::config::installed::{Installed, InstalledModule};
use crate::config::{Config, Disk, Loader, load};
use crate::diag::{Diagnostic, has_errors};
use crate::eval::{Evaluator, Imported};
use crate::plan::former::Former;
use crate::plan::planner::Unread;
use crate::plan::sessions::RegistrySchemas;
use crate::providers::Wanted;
use crate::render::configuration;
use crate::state::Snapshot;
use crate::syntax;

/// Reads what there is on disk, and one file more in the root folder.
struct Completed<'a> {
    files: Installed<'a>,
    folder: &'a Path,
    name: String,
    text: String,
}

impl Loader for Completed<'_> {
    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = self.files.list(folder)?;
        if folder == self.folder {
            names.push(self.name.clone());
        }
        Ok(names)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path == self.folder.join(&self.name) {
            return Ok(self.text.clone().into_bytes());
        }
        self.files.read(path)
    }

    fn installed(&self, path: &[String]) -> Option<InstalledModule> {
        self.files.installed(path)
    }
}

/// The blocks that were written.
pub(super) struct Generated {
    /// The file.
    pub(super) name: String,
    /// The text of each block, as it is laid out.
    pub(super) blocks: BTreeMap<Address, String>,
}

impl Generated {
    /// Says that this may come to look otherwise.
    pub(super) fn remark() -> Diagnostic {
        let detail = "Generating configuration during import is currently experimental, and the generated configuration format may \
                      change in future versions.";
        Diagnostic::warning("Config generation is experimental", detail)
    }
}

/// Writes the blocks that are missing to the file that the option names. Gives what it wrote.
pub(super) fn generate(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
) -> Result<Option<Generated>, Exit> {
    let Some(name) = one(matches, "generate-config-out").map(String::from) else {
        return Ok(None);
    };
    let path = workbench.folder.join(&name);
    if path.exists() {
        let detail = "Terrane can only write generated config into a new file. Either choose a different target location or move \
                      all existing configuration out of the target file, delete it and try again.";
        let problem = Diagnostic::error("Target generated file already exists", detail);
        return Err(workbench.fail(&[problem]));
    }
    let missing = missing(&workbench.config().0);
    if missing.is_empty() {
        return Ok(None);
    }
    // What is read for this alone is no part of the configuration, which a saved plan has whole.
    let sources = workbench.sources.clone();
    let (text, blocks) = blocks(workbench, matches, &missing)?;
    workbench.sources = sources;
    if let Err(error) = write_whole(&path, text.as_bytes()) {
        return Err(workbench.fail(&[file_problem(
            "Failed to write generated config",
            &path,
            &error,
        )]));
    }
    Ok(Some(Generated { name, blocks }))
}

/// Gives the addresses in the root module that are imported to and have no block.
fn missing(config: &Config) -> Vec<Address> {
    let named = config.root.imports.iter().filter_map(|import| {
        let words = import.to.traversal()?;
        let text: Vec<String> = words.into_iter().map(|word| word.text).collect();
        match text.join(".").parse::<Target>() {
            Ok(Target::Resource(address)) => Some(address),
            Ok(Target::Module(_)) | Err(_) => None,
        }
    });
    named
        .filter(|address| address.mode == Mode::Managed && address.module.is_empty())
        .filter(|address| config.resource(address).is_none())
        .collect()
}

fn blocks(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    missing: &[Address],
) -> Result<(String, BTreeMap<Address, String>), Exit> {
    let stubs = missing
        .iter()
        .map(|address| format!("resource \"{}\" \"{}\" {{\n}}\n", address.type_name, address.name));
    let folder: PathBuf = workbench.folder.clone();
    let loader = Completed {
        files: Installed { files: &Disk, manifest: workbench.manifest() },
        folder: &folder,
        name: "generated_config_out.tf".to_string(),
        text: stubs.collect(),
    };
    let (config, mut problems) = load(&folder, &mut workbench.sources, &loader);
    let gathered = variables::gather(
        (&folder, &Disk),
        workbench.environment,
        matches,
        &config,
        &mut workbench.sources,
    );
    let (values, more) = gathered;
    problems.extend(more);
    if has_errors(&problems) {
        return Err(workbench.fail(&problems));
    }
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let (inputs, sources) = (workbench.inputs(values), workbench.sources.clone());
    let backend = workbench.backend(matches)?;
    let standing = workbench.snapshot(&*backend)?;
    let schemas = RegistrySchemas(&registry);
    let mut evaluator = Evaluator::new(&config, &sources, &inputs, &schemas);
    let data = BTreeMap::new();
    let mut former = Former { registry: &registry, state: &standing, data: &data, deposed: None };
    let (imports, problems) = evaluator.imports(&mut former);
    if has_errors(&problems) {
        return Err(workbench.fail(&problems));
    }
    let ids: BTreeMap<Address, Imported> =
        imports.into_iter().map(|import| (import.to.clone(), import)).collect();
    let (mut text, mut blocks) = (configuration::HEAD.to_string(), BTreeMap::new());
    for address in missing {
        let Some(import) = ids.get(address) else { continue };
        let world = workbench.world();
        let (config, sources, inputs) = (&config, &sources, &inputs);
        let given = Given { config, sources, inputs, registry: &registry, world };
        let block = block(workbench, &given, &standing, &mut evaluator, import);
        let block = block.map_err(|problems| workbench.fail(&problems))?;
        let file = workbench.sources.add("generated", block.as_str());
        let block = syntax::format(file, "generated", &block);
        let block = block.map_err(|problems| workbench.fail(&problems))?;
        text += &block;
        let own = block.find("resource ").map_or("", |start| block[start..].trim_end());
        blocks.insert(address.clone(), own.to_string());
    }
    Ok((text, blocks))
}

/// Reads one object and writes its block.
fn block(
    workbench: &Workbench<'_, '_>,
    given: &Given<'_>,
    standing: &Snapshot,
    evaluator: &mut Evaluator<'_>,
    import: &Imported,
) -> Result<String, Vec<Diagnostic>> {
    let address = &import.to;
    let reference = evaluator.provider_of(address, &mut Unread)?;
    let cannot = |why: String| {
        let detail = format!("The provider of {address} cannot be asked: {why}.");
        vec![Diagnostic::error("Object cannot be read", detail).at(import.span, "")]
    };
    let provider = given.registry.provider(&reference.source);
    let provider = provider.ok_or_else(|| cannot("it is not known".into()))?;
    let session = workbench.runtime.block_on(recover::standing(given, standing, &reference));
    let (provider_config, session) = session
        .map_err(cannot)?
        .ok_or_else(|| cannot("its configuration comes from what is not made yet".into()))?;
    let schema = provider.resource(address.mode, &address.type_name).ok_or_else(Vec::new)?;
    let value = provider
        .import(&address.type_name, &import.id, &provider_config.value)
        .map_err(|why| vec![Diagnostic::error("Invalid import id", why).at(import.span, "")])?;
    let (address, type_name) = (address.clone(), address.type_name.clone());
    let wanted = Wanted { address: address.clone(), type_name, value, private: Vec::new() };
    let mut read = workbench.runtime.block_on(session.read_many(&[wanted]));
    match read.pop() {
        Some(Ok(Some(found))) => Ok(configuration::block(
            &address.type_name,
            &address.name,
            &import.id,
            &schema,
            &found.value,
        )),
        Some(Err(error)) => Err(vec![error.to_diagnostic(&address).at(import.span, "")]),
        Some(Ok(None)) | None => Err(vec![super::import::nothing(&address).at(import.span, "")]),
    }
}
