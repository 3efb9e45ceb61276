//! What commands have in common: the folder, the configuration, the state, the providers, the world.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::encryption::{self, Written};
use super::environment::{Environment, Screen};
use super::sandboxed::Sandbox;
use super::{Exit, own_types, variables};
use crate::apply::late::Unmade;
use crate::backends::vault::Encryption;
use crate::backends::{self, Backend, BackendError, Holder, Lock};
use crate::config::installed::{Installed, Manifest};
use crate::config::{Config, Disk, Edited, Loader, Module, load, source};
use crate::diag::{Diagnostic, Sources, fold, gathered, has_errors};
use crate::eval::{InputValue, Inputs, LOCAL_EXEC, RawInput};
use crate::http::pace::Pace;
use crate::http::{Clock, SystemClock};
use crate::plan::PlanMode;
use crate::providers::{Registry, World, google, helm, kubernetes, small};
use crate::render;
use crate::render::report::Grouping;
use crate::state::{Question, Snapshot};
use crate::syntax::tree::Block;

/// Under what name the list of installed modules stands among the texts of a run.
const MANIFEST: &str = ".terrane/modules/modules.json";

/// A run's workbench.
pub(super) struct Workbench<'e, 's> {
    pub(super) environment: &'e Environment,
    pub(super) screen: &'e mut Screen<'s>,
    /// The folder of the root module.
    pub(super) folder: PathBuf,
    pub(super) sources: Sources,
    pub(super) runtime: Runtime,
    pub(super) clock: Arc<dyn Clock>,
    sandbox: Option<Sandbox>,
    /// The `backend` block, once the configuration has been read.
    pub(super) backend: Option<Option<Block>>,
    /// What the configuration says of encryption, once it has been read; and what it comes to.
    encryption: Written,
    pub(super) vaults: Option<Encryption>,
    /// Texts of files that are tried before they are written, by the files' true paths.
    pub(super) tried: BTreeMap<PathBuf, String>,
    /// Whether the configuration that has been read has no file.
    empty: bool,
    pub(super) json: bool,
    /// The actions of a run before that have no end, as the state was loaded.
    pub(super) open: Vec<Question>,
    /// What such a run had begun to make, and what was not there when it was looked for.
    pub(super) unmade: Unmade,
    /// How many entries of such a run's journal were taken into the state as it was loaded.
    pub(super) replayed: usize,
    /// Problems that are kept in the place of being printed, while that is wished for.
    pub(super) held: Option<Vec<Diagnostic>>,
    /// How many calls at once, where several plans share that.
    pub(super) pace: Option<Arc<Pace>>,
    /// Whether warnings stand in a line each where there are no errors.
    compact: bool,
    /// Whether plans are told in short, and how their changes are grouped.
    concise: bool,
    pub(super) group: Option<Grouping>,
    /// Whether problems are noted at their lines for GitHub.
    github: bool,
    colour: bool,
    /// Whether problems stand without boxes around them, as `-no-color` has them.
    plain: bool,
}

/// The configuration with what it was given.
pub(super) struct Loaded {
    pub(super) config: Config,
    pub(super) inputs: Inputs,
}

impl<'e, 's> Workbench<'e, 's> {
    /// Opens the workbench of a run; prints what stands in the way.
    pub(super) fn open(
        environment: &'e Environment,
        screen: &'e mut Screen<'s>,
        global: &ArgMatches,
        matches: &ArgMatches,
    ) -> Result<Workbench<'e, 's>, Exit> {
        let chdir =
            matches.get_one::<String>("chdir").or_else(|| global.get_one::<String>("chdir"));
        let folder = chdir.map_or_else(|| environment.cwd.clone(), |dir| environment.cwd.join(dir));
        Workbench::open_in(folder, environment, screen, global, matches)
    }

    /// Opens the workbench of a run in a folder.
    pub(super) fn open_in(
        folder: PathBuf,
        environment: &'e Environment,
        screen: &'e mut Screen<'s>,
        global: &ArgMatches,
        matches: &ArgMatches,
    ) -> Result<Workbench<'e, 's>, Exit> {
        let given = |name: &str| {
            let inner = matches.get_one::<bool>(name).copied().unwrap_or(false);
            inner || global.get_one::<bool>(name).copied().unwrap_or(false)
        };
        // The conventions of no-color.org and of CLICOLOR_FORCE: the wish for none wins.
        let forced = environment.variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let plain = given("no-color") || environment.variable("NO_COLOR").is_some();
        let colour = (screen.colour || forced) && !plain;
        let json = matches.try_get_one::<bool>("json").ok().flatten().copied().unwrap_or(false);
        let compact = matches.try_get_one::<bool>("compact-warnings").ok().flatten();
        let compact = compact.copied().unwrap_or(false);
        let concise = matches.try_get_one::<bool>("concise").ok().flatten().copied();
        let group = matches.try_get_one::<String>("group-by").ok().flatten();
        let group = group.and_then(|name| Grouping::parse(name));
        let github = matches.try_get_one::<bool>("github").ok().flatten().copied();
        // One worker beside the thread of the run, which works too: each thread takes memory of its own.
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| {
            screen.error(format!("The program cannot start: {error}.\n"));
            1
        })?;
        if let Some(end) = environment.end {
            runtime.spawn(super::interrupt::hear(environment.stop.clone(), end));
        }
        let mut workbench = Workbench {
            environment,
            screen,
            folder,
            sources: Sources::default(),
            runtime,
            clock: environment.clock.clone().unwrap_or_else(|| Arc::new(SystemClock)),
            sandbox: None,
            backend: None,
            encryption: Written::default(),
            vaults: None,
            tried: BTreeMap::new(),
            empty: false,
            json,
            open: Vec::new(),
            unmade: Unmade::new(),
            replayed: 0,
            held: None,
            pace: None,
            compact,
            concise: concise.unwrap_or(false),
            group,
            github: github.unwrap_or(false) && !json,
            colour,
            plain: given("no-color"),
        };
        if !workbench.folder.is_dir() {
            let detail = format!("There is no folder {}.", workbench.folder.display());
            return Err(workbench.fail(&[Diagnostic::error("Invalid -chdir option", detail)]));
        }
        if given("sandbox") {
            workbench.open_sandbox().map_err(|problem| workbench.fail(&[problem]))?;
        }
        // The run is at work: virtual time stands still but while it waits.
        workbench.clock.enter();
        Ok(workbench)
    }

    fn open_sandbox(&mut self) -> Result<(), Diagnostic> {
        let data = self.data_folder();
        std::fs::create_dir_all(&data).map_err(|error| {
            let detail = format!("The folder {} cannot be made: {error}.", data.display());
            Diagnostic::error("Data folder not available", detail)
        })?;
        let world = data.join("world.json");
        let sandbox = Sandbox::open(&self.runtime, &world, self.environment.sandbox_start)?;
        let clock = self.environment.sandbox_clock.clone();
        self.clock = clock.unwrap_or_else(|| sandbox.clock.clone());
        self.sandbox = Some(sandbox);
        Ok(())
    }

    /// Ends the run.
    pub(super) fn close(mut self, exit: Exit) -> Exit {
        self.clock.leave();
        if let Some(sandbox) = self.sandbox.take()
            && let Err(error) = sandbox.close(&self.runtime)
        {
            let detail = format!("What happened in the sandbox could not be written: {error}.");
            return self.fail(&[Diagnostic::error("Sandbox not saved", detail)]);
        }
        exit
    }

    /// Gives the folder of the run's own data.
    pub(super) fn data_folder(&self) -> PathBuf {
        self.folder.join(self.environment.variable("TF_DATA_DIR").unwrap_or(".terrane"))
    }

    /// Gives the base address of the sandbox, where the run is in one.
    pub(super) fn sandbox_base(&self) -> Option<&str> {
        self.sandbox.as_ref().map(|sandbox| sandbox.base.as_str())
    }

    /// Says whether output is for machines.
    pub(super) fn json(&self) -> bool {
        self.json
    }

    /// Gives how text is drawn.
    pub(super) fn style(&self) -> render::Style {
        let width = self.screen.width.saturating_sub(2);
        let (concise, group) = (self.concise, self.group);
        render::Style { color: self.colour, width, boxed: !self.plain, concise, group }
    }

    /// Prints problems; gives the exit code that they mean.
    pub(super) fn tell(&mut self, problems: &[Diagnostic]) -> Exit {
        if let Some(held) = &mut self.held {
            held.extend(problems.iter().cloned());
            return Exit::from(has_errors(problems));
        }
        if self.compact && !self.json && !problems.is_empty() && !has_errors(problems) {
            self.screen.print(render::diagnostic::compact(problems, &self.sources));
            return 0;
        }
        let style = self.style();
        let mut problems = problems.to_vec();
        if !self.json {
            self.in_order(&mut problems);
        }
        if self.github && has_errors(&problems) {
            let places = super::reports::places(self);
            let notes = render::annotations::problems(&problems, &self.sources, &places);
            self.screen.print(notes);
        }
        let folded = fold(&problems);
        for problem in &if self.json { folded } else { gathered(&folded) } {
            if self.json {
                let now = self.clock.now();
                self.screen.print(render::json::stream::diagnostic(problem, &self.sources, now));
            } else {
                let text = render::diagnostic::one(problem, &self.sources, &style);
                if problem.is_error() { self.screen.error(text) } else { self.screen.print(text) }
            }
        }
        Exit::from(has_errors(&problems))
    }

    /// Puts problems in the order of their places: warnings before errors, what has no place before what has one.
    fn in_order(&self, problems: &mut [Diagnostic]) {
        problems.sort_by_cached_key(|problem| {
            let place = problem.span().map(|span| {
                let name = self.sources.name(span.file);
                (name.matches('/').count(), name.to_string(), span.start, span.end)
            });
            (problem.is_error(), place)
        });
    }

    /// Prints why something is not done, in words alone, and gives the exit code of a failed run.
    pub(super) fn refuse(&mut self, text: &str) -> Exit {
        self.screen.error(format!("{text}\n"));
        1
    }

    /// Prints problems and gives the exit code of a failed run.
    pub(super) fn fail(&mut self, problems: &[Diagnostic]) -> Exit {
        self.tell(problems);
        1
    }

    /// Gives all providers, with the types that the user describes.
    pub(super) fn registry(&mut self) -> Result<Registry, Vec<Diagnostic>> {
        let mut registry = Registry::default();
        let named = self.environment.variable(own_types::FOLDERS).unwrap_or_default();
        let others = std::env::split_paths(named).filter(|path| !path.as_os_str().is_empty());
        let folders = std::iter::once(self.folder.clone())
            .chain(others.map(|path| self.environment.cwd.join(path)))
            .collect::<Vec<_>>();
        let own = own_types::read(&folders, &mut self.sources)?;
        registry.add("hashicorp/google-beta", google::google_beta_in(&self.world(), own.clone()));
        registry.add("hashicorp/google", google::google_in(&self.world(), own));
        registry.add("hashicorp/kubernetes", kubernetes::kubernetes());
        registry.add("hashicorp/helm", helm::helm());
        for provider in small::small() {
            let source = provider.source().to_string();
            registry.add(&source, provider);
        }
        Ok(registry)
    }

    /// Gives what sessions are given of the machine.
    pub(super) fn world(&self) -> World {
        World {
            clock: self.clock.clone(),
            environment: Arc::new(self.environment.variables.clone()),
            home: self.environment.home.clone(),
            root: self.folder.clone(),
            sandbox: self.sandbox_base().map(String::from),
            version: env!("CARGO_PKG_VERSION"),
            vault: self.vaults.as_ref().and_then(|made| made.others.clone()),
            pace: self.pace.clone().unwrap_or_default(),
            tokens: None,
        }
    }

    /// Reads the configuration alone.
    pub(super) fn config(&mut self) -> (Config, Vec<Diagnostic>) {
        if let Some(name) = self.environment.variable("TF_WORKSPACE")
            && !super::workspace::is_valid(name)
        {
            let problem = Diagnostic::error("Invalid workspace name set using TF_WORKSPACE", "");
            return (Config::default(), vec![problem]);
        }
        let files = Edited { files: &Disk, texts: &self.tried };
        let loader = Installed { files: &files, manifest: self.manifest() };
        let (config, problems) = load(&self.folder, &mut self.sources, &loader);
        let manifest = loader.manifest;
        self.keeps_state_as(&config);
        let asked = self.environment.variable(encryption::VARIABLE).is_some();
        self.encryption = Written::of(&config, asked);
        self.empty = self.sources.files().next().is_none();
        if !manifest.0.is_empty() {
            // A saved plan keeps all texts: with this one it can tell where the modules' files are.
            self.sources.add(MANIFEST, manifest.to_text());
        }
        (config, problems)
    }

    /// Takes the place of the state from a configuration.
    pub(super) fn keeps_state_as(&mut self, config: &Config) {
        self.backend = Some(config.root.settings.backend.clone());
    }

    /// Refuses to plan, for `plan` or `apply`, where no file says what is wanted: all would be destroyed.
    pub(super) fn wants_something(&mut self, verb: &str, mode: PlanMode) -> Result<(), Exit> {
        if !self.empty || mode == PlanMode::Destroy {
            return Ok(());
        }
        let (doing, instead) = match verb {
            "Plan" => (
                "Planning",
                "run plan with the -destroy option. Otherwise, create a Terraform configuration file (.tf file) \
                 and try again.",
            ),
            _ => ("Applying", "run 'terrane destroy' instead."),
        };
        let detail = format!(
            "{verb} requires configuration to be present. {doing} without a configuration would mark everything for \
             destruction, which is normally not what is desired. If you would like to destroy everything, {instead}"
        );
        Err(self.fail(&[Diagnostic::error("No configuration files", detail)]))
    }

    /// Reads the configuration as it is with these modules installed, whatever is wrong with it.
    pub(super) fn config_with(&mut self, manifest: &Manifest) -> Config {
        let loader = Installed { files: &Disk, manifest: manifest.clone() };
        self.sources = Sources::default();
        load(&self.folder, &mut self.sources, &loader).0
    }

    /// Gives the installed modules; what Terraform has installed counts where nothing is installed here.
    pub(super) fn manifest(&self) -> Manifest {
        let mut found = Manifest::default();
        let mut folders = vec![self.data_folder()];
        if self.environment.variable("TF_DATA_DIR").is_none() {
            folders.insert(0, self.folder.join(".terraform"));
        }
        for folder in folders {
            let text = std::fs::read_to_string(folder.join("modules/modules.json"));
            let modules = Manifest::parse(&text.unwrap_or_default()).0.into_iter();
            // Local calls need no entry.
            let remote = modules.filter(|(_, module)| {
                !matches!(source::parse(&module.source), Ok(source::Source::Local))
                    && self.folder.join(&module.folder).is_dir()
            });
            found.0.extend(remote);
        }
        found
    }

    /// Reads the configuration and the variables; prints what is wrong.
    pub(super) fn load(&mut self, matches: &ArgMatches) -> Result<Loaded, Exit> {
        let (config, mut problems) = self.config();
        let (mut values, more) = self.values(matches, &config);
        problems.extend(more);
        if !has_errors(&problems) {
            problems.extend(provisioners(&config.root, self.no_exec(matches)));
        }
        if has_errors(&problems) {
            return Err(self.fail(&problems));
        }
        self.tell(&problems);
        self.ask_for(&config, matches, &mut values);
        let inputs = self.inputs(values);
        Ok(Loaded { config, inputs })
    }

    /// Gathers what the variables are given.
    pub(super) fn values(
        &mut self,
        matches: &ArgMatches,
        config: &Config,
    ) -> (BTreeMap<String, InputValue>, Vec<Diagnostic>) {
        let files = Edited { files: &Disk, texts: &self.tried };
        let given = (&*self.folder, &files as &dyn Loader);
        variables::gather(given, self.environment, matches, config, &mut self.sources)
    }

    /// Asks for what must be given, where there is somebody to ask.
    fn ask_for(
        &mut self,
        config: &Config,
        matches: &ArgMatches,
        values: &mut BTreeMap<String, InputValue>,
    ) {
        if !self.may_ask(matches) {
            return;
        }
        for name in variables::missing(&config.root, values) {
            let description = &config.root.variables[name].description;
            let description =
                if description.is_empty() { String::new() } else { format!("  {description}\n\n") };
            self.screen.print(format!("var.{name}\n{description}  Enter a value: "));
            let Some(text) = (self.screen.ask)() else { return };
            self.screen.line("");
            let origin = "an interactive prompt".to_string();
            let input = InputValue { value: RawInput::Text(text), origin, span: None, file: None };
            values.insert(name.to_string(), input);
        }
    }

    /// Says whether programs of the configuration must not be run.
    fn no_exec(&self, matches: &ArgMatches) -> bool {
        let flag = matches.try_get_one::<bool>("no-exec").ok().flatten().copied().unwrap_or(false);
        let variable = self.environment.variable("TERRANE_NO_EXEC");
        flag || variable.is_some_and(|text| text != "0" && text != "false")
    }

    /// Says whether a person may be asked.
    pub(super) fn may_ask(&self, matches: &ArgMatches) -> bool {
        let flag = matches.try_get_one::<bool>("input").ok().flatten().copied().unwrap_or(true);
        let off = matches!(self.environment.variable("TF_INPUT"), Some("0" | "false"));
        flag && !off && !self.json && self.environment.interactive
    }

    /// Makes what an evaluation is given.
    pub(super) fn inputs(&self, variables: BTreeMap<String, InputValue>) -> Inputs {
        Inputs {
            variables,
            workspace: self.workspace(),
            cwd: self.folder.clone(),
            root: self.folder.clone(),
            home: self.environment.home.clone(),
            plan_time: Some(
                self.clock.now().round(jiff::Unit::Second).unwrap_or(Timestamp::UNIX_EPOCH),
            ),
            applying: false,
            validating: false,
            unchecked: false,
            lenient: false,
        }
    }

    /// Gives the workspace's name.
    pub(super) fn workspace(&self) -> String {
        if let Some(name) = self.environment.variable("TF_WORKSPACE") {
            return name.to_string();
        }
        let mut folders = vec![self.data_folder()];
        if self.environment.variable("TF_DATA_DIR").is_none() {
            // What was chosen with Terraform counts until something is chosen here.
            folders.push(self.folder.join(".terraform"));
        }
        let kept = folders.iter().find_map(|folder| {
            let kept = std::fs::read_to_string(folder.join("environment")).ok()?;
            Some(kept.trim().to_string()).filter(|kept| !kept.is_empty())
        });
        kept.unwrap_or_else(|| "default".to_string())
    }

    /// Gives what the configuration says of encryption.
    pub(super) fn written(&mut self) -> Written {
        if self.backend.is_none() {
            self.config();
        }
        self.encryption.clone()
    }

    /// Loads the state without a lock.
    pub(super) fn snapshot(&mut self, backend: &dyn Backend) -> Result<Snapshot, Exit> {
        let loaded = self.runtime.block_on(backend.load());
        match loaded {
            Ok(loaded) => {
                (self.open, self.replayed) = (loaded.open, loaded.replayed);
                Ok(loaded.snapshot.unwrap_or_default())
            }
            Err(error) => Err(self.fail(&[error.to_diagnostic()])),
        }
    }

    /// Takes the state's lock and loads it.
    pub(super) fn locked(
        &mut self,
        backend: &dyn Backend,
        operation: &str,
        matches: &ArgMatches,
    ) -> Result<(Box<dyn Lock>, Snapshot), Exit> {
        let wait = super::one(matches, "lock-timeout").map_or(Ok(Duration::ZERO), duration);
        let wait = wait.map_err(|text| {
            self.fail(&[Diagnostic::error("Invalid -lock-timeout option", text)])
        })?;
        let holder = self.holder(operation);
        let locking = matches.try_get_one::<bool>("lock").ok().flatten().copied().unwrap_or(true);
        let taken = self.runtime.block_on(async {
            let mut lock = match locking {
                true => backends::acquire(backend, &holder, wait, &SystemClock).await?,
                false => backend.unlocked(&holder).await?,
            };
            let loaded = lock.load().await?;
            Ok::<_, BackendError>((lock, loaded))
        });
        match taken {
            Ok((lock, loaded)) => {
                if let Some(weakness) = backend.weakness() {
                    let place = backend.place();
                    let detail =
                        format!("The state at {place} is kept less safely than others. {weakness}");
                    self.tell(&[Diagnostic::warning("Less safe state", detail)]);
                }
                self.tell_replayed(&loaded);
                (self.open, self.replayed) = (loaded.open, loaded.replayed);
                Ok((lock, loaded.snapshot.unwrap_or_default()))
            }
            Err(error) => Err(self.fail(&[error.to_diagnostic()])),
        }
    }

    /// Tells what of a run that ended early was taken into the state.
    fn tell_replayed(&mut self, loaded: &backends::Loaded) {
        if loaded.replayed == 0 || self.json {
            return;
        }
        let entries = match loaded.replayed {
            1 => "one entry of its journal was".to_string(),
            many => format!("{many} entries of its journal were"),
        };
        let text =
            format!("A run before this one ended early: {entries} taken into the state.\n\n");
        self.screen.print(text);
    }

    /// Gives a lock back.
    pub(super) fn unlock(&mut self, lock: Box<dyn Lock>) -> Exit {
        match self.runtime.block_on(lock.unlock()) {
            Ok(()) => 0,
            Err(error) => self.fail(&[error.to_diagnostic()]),
        }
    }

    /// Says who takes a lock.
    pub(super) fn holder(&self, operation: &str) -> Holder {
        let user = self.environment.variable("USER").unwrap_or("unknown");
        let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
        Holder {
            id: uuid::Uuid::new_v4(),
            operation: operation.to_string(),
            who: format!("{user}@{}", host.trim()),
            version: env!("CARGO_PKG_VERSION").to_string(),
            created: Timestamp::now(),
            info: String::new(),
        }
    }

    /// Asks whether to go on; only `yes` is one.
    pub(super) fn confirmed(&mut self, question: &str) -> bool {
        self.screen.print(format!("{question}\n\n  Enter a value: "));
        let answer = (self.screen.ask)();
        self.screen.line("");
        answer.as_deref().map(str::trim) == Some("yes")
    }
}

/// Refuses provisioners that are not run: an object that is made without them is not what the configuration says.
pub(super) fn provisioners(module: &Module, no_exec: bool) -> Vec<Diagnostic> {
    let blocks = module.resources.values().flat_map(|resource| &resource.provisioners);
    let removed = module.removed.iter().flat_map(|removed| &removed.provisioners);
    let own = blocks.chain(removed).filter_map(|block| {
        let kind = block.labels.first().map_or("", |label| label.text.as_str());
        if kind != LOCAL_EXEC {
            let detail = format!("There is no provisioner \"{kind}\": the one that is run is \"{LOCAL_EXEC}\".");
            let problem = Diagnostic::error("Provisioner not available", detail);
            return Some(problem.at(block.header, "").help(
                "Remove the block, and do what it does in a step of its own, or with local-exec and a program like ssh.",
            ));
        }
        no_exec.then(|| {
            let detail = "This block runs a program on this machine, which -no-exec (or TERRANE_NO_EXEC) forbids. Nothing was \
                          done.";
            Diagnostic::error("Running programs is forbidden", detail)
                .at(block.header, "")
                .help("Remove the block, or allow it.")
        })
    });
    let inner = module.calls.values().flat_map(|call| provisioners(&call.module, no_exec));
    own.chain(inner).collect()
}

/// Reads a duration as Terraform's flags have it: `10s`, `1m30s`, `2h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is not a duration such as \"30s\" or \"5m\".");
    let span: jiff::Span = text.parse().map_err(|_| wrong())?;
    let seconds = span.total(jiff::Unit::Second).map_err(|_| wrong())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

/// Says that a file could not be used.
pub(super) fn file_problem(
    summary: &str,
    path: &Path,
    error: &dyn std::fmt::Display,
) -> Diagnostic {
    let error = error.to_string();
    let why = error.split(" (os error").next().unwrap_or(&error).trim_end_matches('.');
    Diagnostic::error(summary, format!("{}: {why}.", path.display()))
}

impl Loaded {
    /// Gives the configuration and what its variables are given.
    pub(super) fn both(&self) -> (&Config, &Inputs) {
        (&self.config, &self.inputs)
    }

    /// Names the block that a problem's place is in.
    pub(super) fn name_block(&self, problem: &mut Diagnostic) {
        if let (None, Some(span)) = (&problem.context, problem.span()) {
            problem.context = self.config.context(span).map(String::from);
        }
    }
}

impl Workbench<'_, '_> {
    /// Reads a configuration from texts that were kept, as `file name, text`.
    pub(super) fn config_of(&mut self, files: Vec<(String, String)>) -> (Config, Vec<Diagnostic>) {
        let texts = files.clone();
        let files: BTreeMap<PathBuf, String> =
            files.into_iter().map(|(name, text)| (self.folder.join(name), text)).collect();
        let listed = files.get(&self.folder.join(MANIFEST)).map_or("", String::as_str);
        let manifest = Manifest::parse(listed);
        let files = crate::config::Memory(files);
        let loader = Installed { files: &files, manifest };
        let loaded = load(&self.folder, &mut self.sources, &loader);
        // Files of values are no part of the configuration: places in them are told, too.
        let known: BTreeSet<String> =
            self.sources.files().map(|(_, name, _)| name.to_string()).collect();
        for (name, text) in texts.into_iter().filter(|(name, _)| !known.contains(name)) {
            match text.is_empty() {
                true => self.sources.add_unseen(name, text),
                false => self.sources.add(name, text),
            };
        }
        loaded
    }
}
