//! Which place keeps the state: the `backend` block, with what `init` was told besides.
//!
//! `init` keeps kind and settings in `backend.json` of the data folder. What Terraform's `init` has kept in its own folder counts
//! where nothing is kept here. A block that needs nothing besides works without `init`, unless there is a state
//! in the folder which it would leave behind.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use serde_json::{Value as Json, json};

use super::Exit;
use super::workbench::{Workbench, file_problem};
use crate::backends::disk::{Disk, write_whole};
use crate::backends::kinds::{self, Settings, Surroundings, UNKNOWN_KIND};
use crate::backends::{self, Backend};
use crate::config::installed::NOT_INSTALLED;
use crate::diag::{Diagnostic, has_errors};
use crate::eval::constant_of;
use crate::render;
use crate::syntax::tree::Body;
use crate::value::json::to_json;

/// The kind that a configuration without a block has.
pub(super) const LOCAL: &str = "local";

/// A kind of place with its settings.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) kind: String,
    pub(super) settings: Settings,
}

impl Place {
    /// The folder's own file.
    pub(super) fn of_the_folder() -> Place {
        Place { kind: LOCAL.to_string(), settings: Settings::new() }
    }
}

/// What an `init` has kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    /// The place; nothing where `init` found no block.
    pub(super) place: Option<Place>,
    /// What the block alone said; nothing where Terraform kept it.
    pub(super) block: Option<Settings>,
}

impl Kept {
    /// Says whether a block is the one that this was kept of.
    pub(super) fn is_of(&self, block: Option<&Place>) -> bool {
        match (&self.place, block) {
            (None, None) => true,
            (Some(kept), Some(block)) if kept.kind == block.kind => match &self.block {
                Some(settings) => *settings == block.settings,
                None => {
                    block.settings.iter().all(|(name, value)| says(&kept.settings, name, value))
                }
            },
            _ => false,
        }
    }
}

/// Says whether settings have this value, however it is written.
pub(super) fn says(settings: &Settings, name: &str, value: &Json) -> bool {
    let text = |json: &Json| json.as_str().map_or_else(|| json.to_string(), String::from);
    settings.get(name).is_some_and(|kept| kept == value || text(kept) == text(value))
}

impl Workbench<'_, '_> {
    /// Gives the place of the state: the `-state` option, or what the `backend` block says, or the folder's own file.
    pub(super) fn backend(&mut self, matches: &ArgMatches) -> Result<Box<dyn Backend>, Exit> {
        let text = |name| matches.try_get_one::<String>(name).ok().flatten().cloned();
        let (state, out, backup) = (text("state"), text("state-out"), text("backup"));
        if state.is_none() && out.is_none() && backup.is_none() {
            return self.backend_of(None);
        }
        let place = self.place()?;
        if place.kind != LOCAL {
            self.ignored(&place.kind);
            return self.backend_of(None);
        }
        let workspace = self.workspace();
        let usual = backends::local::state_path(&self.folder, &place.settings, &workspace);
        let from = state.map_or(usual, |path| self.folder.join(path));
        let to = out.map_or_else(|| from.clone(), |path| self.folder.join(path));
        let mut beside = to.clone().into_os_string();
        beside.push(".backup");
        let mut backup = match backup.as_deref() {
            None => Some(PathBuf::from(beside)),
            Some("-") => None,
            Some(path) => Some(self.folder.join(path)),
        };
        if to != from {
            // What is read is one file, what is written another, which has a former version of its own and then starts as a
            // copy.
            let kept = backup.take().filter(|_| to.is_file());
            let kept = kept.map_or(Ok(0), |kept| std::fs::copy(&to, kept));
            let copied = match from.is_file() {
                true => kept.and_then(|_| std::fs::copy(&from, &to)),
                false => kept,
            };
            copied.map_err(|error| self.fail(&[file_problem("State not copied", &to, &error)]))?;
        }
        let backend = backends::local::LocalBackend::at(&to, &self.folder).on(self.disk()?);
        let mut backend = backend.with_backup(backup);
        if let Some(vault) = self.encryption()?.state {
            backend.seal_with(vault);
        }
        Ok(Box::new(backend))
    }

    /// Says that options for local files do not count, as they do not with Terraform. What programs read is left alone.
    fn ignored(&mut self, kind: &str) {
        if self.json {
            return;
        }
        let detail = format!(
            "The options -state, -state-out and -backup are for states in local files, and this configuration keeps its state in \
             a backend of type \"{kind}\". They do not count."
        );
        let problem = Diagnostic::warning("Option without effect", detail);
        let text = render::diagnostic::one(&problem, &self.sources, &self.style());
        self.screen.error(text);
    }

    /// Gives the state that a `state` command looks at: the file that `-state` names, or the state of the configuration.
    pub(super) fn looked_at(&mut self, matches: &ArgMatches) -> Result<Box<dyn Backend>, Exit> {
        match matches.get_one::<String>("state") {
            Some(file) => self.state_file(&self.folder.join(file), None),
            None => self.backend_of(None),
        }
    }

    /// Gives the state that a `state` command rewrites: the file that `-state` names, or the state of the configuration.
    pub(super) fn rewritten(&mut self, matches: &ArgMatches) -> Result<Box<dyn Backend>, Exit> {
        let text = |name| matches.try_get_one::<String>(name).ok().flatten().map(String::as_str);
        if let Some(file) = text("state") {
            let file = self.folder.join(file);
            return self.state_file(&file, text("backup"));
        }
        let place = self.place()?;
        if place.kind == LOCAL {
            let workspace = self.workspace();
            let file = backends::local::state_path(&self.folder, &place.settings, &workspace);
            return self.state_file(&file, text("backup"));
        }
        let local: Vec<&str> = ["backup", "backup-out"]
            .into_iter()
            .filter(|name| text(name).is_some_and(|path| path != "-"))
            .collect();
        if local.is_empty() {
            return self.backend_of(None);
        }
        // As with Terraform: only `mv`, which has both options, refuses them.
        if matches.try_contains_id("backup-out").is_err() {
            self.ignored(&place.kind);
            return self.backend_of(None);
        }
        let detail = "Command line options -backup and -backup-out are legacy options that operate on a local state file \
                      only. You must specify a local state file with the -state option or switch to the local backend.";
        let summary = format!("Invalid command line options: -{}", local.join(", -"));
        Err(self.fail(&[Diagnostic::error(summary, detail)]))
    }

    /// Gives the state in a local file; its former version is kept beside it, with the time in its name, or as `-backup` says.
    pub(super) fn state_file(
        &mut self,
        file: &Path,
        backup: Option<&str>,
    ) -> Result<Box<dyn Backend>, Exit> {
        let backup = match backup {
            None | Some("-") => {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                let second = jiff::Timestamp::now().as_second();
                let kept = |second: i64| file.with_file_name(format!("{name}.{second}.backup"));
                // Another command of the same second has kept its own there.
                (second..).map(kept).find(|path| !path.exists()).unwrap_or_else(|| kept(second))
            }
            Some(path) => self.folder.join(path),
        };
        let backend = backends::local::LocalBackend::at(file, &self.folder).on(self.disk()?);
        let mut backend = backend.with_backup(Some(backup));
        if let Some(vault) = self.encryption()?.state {
            backend.seal_with(vault);
        }
        Ok(Box::new(backend))
    }

    /// Gives the way to this machine's files.
    fn disk(&mut self) -> Result<Disk, Exit> {
        Disk::new(&self.environment.variables).map_err(|problem| self.fail(&[problem]))
    }

    /// Gives the place of a workspace's state, by what the `backend` block and `init` say; the present workspace's
    /// where none is named.
    pub(super) fn backend_of(&mut self, workspace: Option<&str>) -> Result<Box<dyn Backend>, Exit> {
        let place = self.place()?;
        let workspace = workspace.map_or_else(|| self.workspace(), String::from);
        self.open_place(&place, &workspace)
    }

    /// Opens a place for a workspace; what is wrong is told at the block.
    pub(super) fn open_place(
        &mut self,
        place: &Place,
        workspace: &str,
    ) -> Result<Box<dyn Backend>, Exit> {
        if !super::workspace::is_valid(workspace) {
            let detail = format!(
                "\"{workspace}\" cannot name a workspace: a name has only letters, digits and signs that stay as they are in a URL."
            );
            let problem =
                Diagnostic::error("Invalid workspace name set using TF_WORKSPACE", detail);
            return Err(self.fail(&[problem]));
        }
        let world = self.surroundings();
        let opened = kinds::open(Some(&place.kind), &place.settings, workspace, &world);
        let mut backend = opened.map_err(|problem| {
            let problem = match self.backend.as_ref().and_then(Option::as_ref) {
                Some(block) => {
                    let label = block.labels.first().filter(|_| problem.summary == UNKNOWN_KIND);
                    problem.at(label.map_or(block.header, |label| label.span), "")
                }
                None => *problem,
            };
            self.fail(&[problem])
        })?;
        if let Some(vault) = self.encryption()?.state {
            backend.seal_with(vault);
        }
        Ok(backend)
    }

    /// Gives what opening the state's place is given of the machine.
    pub(super) fn surroundings(&self) -> Surroundings {
        Surroundings {
            folder: self.folder.clone(),
            environment: Arc::new(self.environment.variables.clone()),
            home: self.environment.home.clone(),
            sandbox: self.sandbox_base().map(String::from),
            clock: self.clock.clone(),
        }
    }

    /// Gives what the `backend` block says.
    pub(super) fn block_place(&mut self) -> Option<Place> {
        if self.backend.is_none() {
            self.config();
        }
        let block = self.backend.as_ref()?.as_ref()?;
        Some(Place { kind: block.labels.first()?.text.clone(), settings: settings(&block.body) })
    }

    /// Gives the place that counts: what `init` has kept of this block, or the block.
    pub(super) fn place(&mut self) -> Result<Place, Exit> {
        if self.backend.is_none() {
            let (_, mut problems) = self.config();
            problems.retain(|problem| {
                let file = problem.span().map(|span| Path::new(self.sources.name(span.file)));
                let own = file.is_some_and(|file| file.components().count() == 1);
                own && problem.summary != NOT_INSTALLED
            });
            // What is broken may be the block that says where the state is.
            let unsaid = self.backend.as_ref().is_some_and(Option::is_none);
            if unsaid && has_errors(&problems) && self.kept().is_none() {
                return Err(self.fail(&problems));
            }
        }
        let block = self.block_place();
        let reason = match (self.kept(), block) {
            (Some(kept), block) if kept.is_of(block.as_ref()) => {
                return Ok(kept.place.unwrap_or_else(Place::of_the_folder));
            }
            (Some(Kept { place: Some(kept), .. }), None) => {
                format!("Unsetting the previously set backend \"{}\"", kept.kind)
            }
            (Some(Kept { place: Some(kept), .. }), Some(block)) if kept.kind != block.kind => {
                format!("Backend type changed from \"{}\" to \"{}\"", kept.kind, block.kind)
            }
            (Some(Kept { place: Some(_), .. }), Some(_)) => {
                "Backend configuration block has changed".to_string()
            }
            (Some(Kept { place: None, .. }) | None, Some(block)) if self.leaves_a_state(&block) => {
                format!("Initial configuration of the requested backend \"{}\"", block.kind)
            }
            (_, block) => return Ok(block.unwrap_or_else(Place::of_the_folder)),
        };
        let detail = format!(
            "Reason: {reason}\n\nThe \"backend\" is the interface that Terrane uses to store state. Its configuration is not the one \
             that this folder was initialized with, so the state may be elsewhere. Nothing was done."
        );
        let summary = "Backend initialization required, please run \"terrane init\"";
        let problem = Diagnostic::error(summary, detail).help(
            "\"terrane init -migrate-state\" copies the state to the new place; \"terrane init -reconfigure\" takes the new place as it \
             is.",
        );
        let problem = match self.backend.as_ref().and_then(Option::as_ref) {
            Some(block) => problem.at(block.header, ""),
            None => problem,
        };
        Err(self.fail(&[problem]))
    }

    /// Says whether the folder has a state of its own that a block's place would leave behind.
    fn leaves_a_state(&self, block: &Place) -> bool {
        let own = self.folder.join("terraform.tfstate");
        block.kind != LOCAL && own.metadata().is_ok_and(|file| file.is_file() && file.len() > 0)
    }

    fn kept_path(&self) -> PathBuf {
        self.data_folder().join("backend.json")
    }

    /// Gives what `init`, or Terraform's, has kept.
    pub(super) fn kept(&self) -> Option<Kept> {
        let read = |path: PathBuf| {
            let text = std::fs::read_to_string(path).ok()?;
            serde_json::from_str::<Json>(&text).ok()
        };
        if let Some(own) = read(self.kept_path()) {
            let place = own["type"].as_str().map(|kind| Place {
                kind: kind.to_string(),
                settings: own["config"].as_object().cloned().unwrap_or_default(),
            });
            return Some(Kept { place, block: own["block"].as_object().cloned() });
        }
        let folder = match self.environment.variable("TF_DATA_DIR") {
            Some(_) => self.data_folder(),
            None => self.folder.join(".terraform"),
        };
        let theirs = read(folder.join("terraform.tfstate"))?;
        let kind = theirs["backend"]["type"].as_str()?.to_string();
        let said = theirs["backend"]["config"].as_object().cloned().unwrap_or_default();
        let settings = said.into_iter().filter_map(|(name, value)| Some((name, plain(value)?)));
        let place = Place { kind, settings: settings.collect() };
        Some(Kept { place: Some(place), block: None })
    }

    /// Keeps a place for the commands to come, readable by its owner alone: settings may be secrets.
    pub(super) fn keep(&mut self, place: Option<&Place>, block: &Settings) -> Result<(), Exit> {
        let (folder, path) = (self.data_folder(), self.kept_path());
        let json = json!({
            "type": place.map(|place| &place.kind),
            "config": place.map(|place| &place.settings),
            "block": block,
        });
        let text = format!("{json:#}\n");
        let written =
            std::fs::create_dir_all(&folder).and_then(|()| write_whole(&path, text.as_bytes()));
        written.map_err(|error| self.fail(&[file_problem("Backend not noted", &path, &error)]))
    }
}

/// Gives a value that Terraform kept as a block would say it; nothing where it says nothing.
fn plain(value: Json) -> Option<Json> {
    match value {
        Json::Null => None,
        Json::Array(items) if items.is_empty() => None,
        Json::Array(mut items) if items.len() == 1 && items[0].is_object() => {
            let Json::Object(block) = items.remove(0) else { return None };
            let members = block.into_iter().filter_map(|(name, value)| Some((name, plain(value)?)));
            Some(Json::Object(members.collect()))
        }
        Json::Object(members) if members.is_empty() => None,
        value => Some(value),
    }
}

/// Gives the arguments that are constants; blocks inside are objects.
pub(super) fn settings(body: &Body) -> Settings {
    let attributes = body.attributes.iter();
    let constants = attributes.filter_map(|attribute| {
        let value = constant_of(&attribute.expr)?;
        Some((attribute.name.text.clone(), to_json(&value)))
    });
    let blocks = body.blocks.iter();
    let inner = blocks.map(|inner| (inner.kind.text.clone(), Json::Object(settings(&inner.body))));
    constants.chain(inner).collect()
}
