//! From a folder to a configuration: files, override files, and the modules that are called.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use crate::addr::Mode;
use crate::diag::{Diagnostic, FileId, Sources, Span, from_bytes, has_errors};
use crate::syntax;
use crate::syntax::tree::{Attribute, Block, File};

use super::body::{Shape, unsupported_argument, unsupported_block};
use super::installed::{self, InstalledModule, NOT_INSTALLED};
use super::read::Reader;
use super::{Config, Import, Module, ModuleCall, calls, context_in, nesting, overrides, passed};

/// Where files are read from.
pub trait Loader {
    /// Gives the names of the files in a folder.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Gives a file's bytes.
    ///
    /// # Errors
    /// The file cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Gives the module that is installed for a call, by the names of the calls that lead there.
    fn installed(&self, _path: &[String]) -> Option<InstalledModule> {
        None
    }
}

/// Reads the real files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Loader for Disk {
    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if !entry.path().is_dir() {
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}

/// Files in memory, by path.
#[derive(Clone, Debug, Default)]
pub struct Memory(pub BTreeMap<PathBuf, String>);

impl Loader for Memory {
    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let inside = self.0.keys().filter(|path| path.parent() == Some(folder));
        let names: Vec<String> =
            inside.filter_map(|path| path.file_name()?.to_str().map(String::from)).collect();
        let exists = self.0.keys().any(|path| path.starts_with(folder));
        if exists { Ok(names) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let text = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(text.clone().into_bytes())
    }
}

/// Reads by another loader; some files have other texts than it has.
pub struct Edited<'a> {
    /// Reads the files.
    pub files: &'a dyn Loader,
    /// The other texts, by the true paths of their files.
    pub texts: &'a BTreeMap<PathBuf, String>,
}

impl Loader for Edited<'_> {
    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.files.list(folder)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if !self.texts.is_empty()
            && let Some(text) = path.canonicalize().ok().and_then(|path| self.texts.get(&path))
        {
            return Ok(text.clone().into_bytes());
        }
        self.files.read(path)
    }
}

/// The blocks of a module, with the names of their labels.
const ROOT: Shape = Shape {
    arguments: &[],
    blocks: &[
        ("terraform", &[]),
        ("required_providers", &[]),
        ("provider", &["name"]),
        ("variable", &["name"]),
        ("locals", &[]),
        ("output", &["name"]),
        ("module", &["name"]),
        ("resource", &["type", "name"]),
        ("data", &["type", "name"]),
        ("ephemeral", &["type", "name"]),
        ("moved", &[]),
        ("import", &[]),
        ("check", &["name"]),
        ("removed", &[]),
    ],
};

/// How each kind of block is read: to add one, write a row.
type Read = fn(&mut Reader<'_>, &Block);
const KINDS: &[(&str, Read)] = &[
    ("terraform", |reader, block| reader.terraform(block)),
    ("provider", |reader, block| reader.provider(block)),
    ("variable", |reader, block| reader.variable(block)),
    ("locals", |reader, block| reader.locals(block)),
    ("output", |reader, block| reader.output(block)),
    ("module", |reader, block| reader.call(block)),
    ("resource", |reader, block| reader.resource(block, Mode::Managed)),
    ("data", |reader, block| reader.resource(block, Mode::Data)),
    ("ephemeral", |reader, block| reader.resource(block, Mode::Ephemeral)),
    ("moved", |reader, block| reader.moved(block)),
    ("import", |reader, block| reader.import(block)),
    ("check", |reader, block| reader.check(block)),
    ("removed", |reader, block| reader.removed(block)),
];

/// Reads the configuration in a folder, with all modules that it calls.
pub fn load(
    folder: &Path,
    sources: &mut Sources,
    loader: &dyn Loader,
) -> (Config, Vec<Diagnostic>) {
    let mut loading = Loading {
        root: folder.to_path_buf(),
        loader,
        sources,
        read: BTreeMap::new(),
        problems: Vec::new(),
        headings: Vec::new(),
        late: Vec::new(),
        versions: Vec::new(),
    };
    let root = loading.module(Path::new("."), Vec::new(), &mut Vec::new(), None);
    let config = Config { root, headings: loading.headings };
    let mut problems = loading.problems;
    if !has_errors(&problems) {
        problems.extend(provided_imports(&config));
        problems.extend(passed::check(&config.root));
    }
    if !has_errors(&problems) {
        problems.extend(loading.versions);
    }
    if !has_errors(&problems) {
        problems.extend(loading.late);
    }
    if !has_errors(&problems) {
        problems.extend(passed::missing(&config.root));
    }
    for problem in &mut problems {
        if let (None, Some(span)) = (&problem.context, problem.span()) {
            problem.context = config.context(span).map(String::from);
        }
    }
    (config, problems)
}

/// Tells of imports that name a provider though the block they import to does so.
fn provided_imports(config: &Config) -> Vec<Diagnostic> {
    let detail = "The provider argument can only be specified in import blocks that will generate configuration.\n\nUse the \
                  provider argument in the target resource block to configure the provider for a resource with explicit \
                  provider configuration.";
    let declared = |import: &&Import| {
        let address = import.address();
        address.is_some_and(|address| config.resource(&address).is_some())
    };
    let imports = config.root.imports.iter().filter(declared);
    let places = imports.filter_map(|import| import.provided);
    let problem = |span| Diagnostic::error("Invalid import provider argument", detail).at(span, "");
    places.map(problem).collect()
}

/// Reads a file of variables' values: `name = value` lines.
pub fn load_variables(
    path: &Path,
    name: &str,
    sources: &mut Sources,
    loader: &dyn Loader,
) -> (BTreeMap<String, Attribute>, Vec<Diagnostic>) {
    let text = match loader.read(path) {
        Ok(bytes) => from_bytes(bytes),
        Err(error) => return (BTreeMap::new(), vec![unread_variables(name, &error)]),
    };
    let id = sources.add(name, text.as_str());
    let json = name.ends_with(".json");
    let (file, contexts, mut problems) = if json {
        syntax::parse_json_values(id, name, &text)
    } else {
        let (file, problems) = syntax::parse_named(id, name, &text);
        let contexts = headings(&file);
        (file, contexts, problems)
    };
    name_blocks(&mut problems, &contexts);
    // Of a file that cannot be read whole no value counts.
    if has_errors(&problems) {
        return (BTreeMap::new(), problems);
    }
    let declares = |block: &&Block| block.kind.text == "variable" && block.labels.len() == 1;
    let declared = file.body.blocks.iter().filter(declares);
    problems.extend(declared.map(|block| unexpected_block(block, name)));
    // Of other blocks the first is told of, where that is all.
    if problems.is_empty() {
        let first = file.body.blocks.first();
        problems.extend(first.map(|block| unexpected_block(block, name)));
    }
    let attributes = file.body.attributes.into_iter();
    let values = attributes.map(|attribute| (attribute.name.text.clone(), attribute)).collect();
    (values, problems)
}

fn unexpected_block(block: &Block, file: &str) -> Diagnostic {
    let (summary, detail) = match (block.kind.text.as_str(), block.labels.first()) {
        ("variable", Some(label)) => {
            let name = &label.text;
            let detail = format!(
                "A .tfvars file is used to assign values to variables that have already been declared in .tf \
                 files, not to declare new variables. To declare variable \"{name}\", place this block in one \
                 of your .tf files, such as variables.tf.\n\nTo set a value for this variable in {file}, use \
                 the definition syntax instead:\n    {name} = <value>"
            );
            ("Variable declaration in .tfvars file".to_string(), detail)
        }
        (kind, _) => {
            (format!("Unexpected \"{kind}\" block"), "Blocks are not allowed here.".to_string())
        }
    };
    Diagnostic::error(summary, detail).at(block.kind.span, "")
}

fn unread_variables(name: &str, error: &io::Error) -> Diagnostic {
    let detail = match error.kind() {
        io::ErrorKind::NotFound => format!("Given variables file {name} does not exist."),
        _ => format!("Error while reading {name}: {error}."),
    };
    Diagnostic::error("Failed to read variables file", detail)
}

/// The loading of all modules.
struct Loading<'a> {
    root: PathBuf,
    loader: &'a dyn Loader,
    sources: &'a mut Sources,
    /// The folders read so far: one that is called many times is read once.
    read: BTreeMap<PathBuf, Rc<Files>>,
    problems: Vec<Diagnostic>,
    headings: Vec<(Span, String)>,
    /// What is only said when all else is right.
    late: Vec<Diagnostic>,
    /// What modules ask of the language's version and is not so.
    versions: Vec<Diagnostic>,
}

/// The files of a module.
#[derive(Default)]
struct Files {
    blocks: Vec<Block>,
    json: BTreeSet<FileId>,
    /// Places of blocks with those of the blocks that changed them last.
    overridden: Vec<(Span, Span)>,
}

impl Loading<'_> {
    /// Reads the module in a folder, relative to the root; `callers` are the folders on the way there.
    fn module(
        &mut self,
        folder: &Path,
        path: Vec<String>,
        callers: &mut Vec<PathBuf>,
        call: Option<&ModuleCall>,
    ) -> Module {
        let files = match self.files(folder) {
            Ok(files) => files,
            Err(error) => {
                self.problems.push(unread(folder, call, &error));
                Rc::default()
            }
        };
        let module = Module { path, folder: folder.to_path_buf(), ..Module::default() };
        let mut reader = Reader {
            sources: self.sources,
            json: &files.json,
            module,
            problems: Vec::new(),
            late: Vec::new(),
            versions: Vec::new(),
            overridden: &files.overridden,
            source: call.map(|call| call.source.text.clone()).unwrap_or_default(),
        };
        for block in &files.blocks {
            if let Some((_, read)) = KINDS.iter().find(|(kind, _)| *kind == block.kind.text) {
                read(&mut reader, block);
            }
        }
        let Reader { mut module, problems, late, versions, .. } = reader;
        module.resources.sort_unstable_keys();
        self.late.extend(late);
        self.versions.extend(versions);
        self.problems.extend(problems);
        callers.push(folder.to_path_buf());
        let mut calls = std::mem::take(&mut module.calls);
        let ends: BTreeMap<Span, Span> =
            files.blocks.iter().map(|block| (block.header, block.body.end)).collect();
        // Modules are looked at when the root itself is in order.
        let broken = module.path.is_empty() && has_errors(&self.problems);
        for call in calls.values_mut().filter(|_| !broken) {
            self.call(&module, call, callers);
            let end = ends.get(&call.span);
            if let Some(end) = end.filter(|_| !call.module.folder.as_os_str().is_empty()) {
                let reader = Reader {
                    sources: self.sources,
                    json: &files.json,
                    module: Module::default(),
                    problems: Vec::new(),
                    late: Vec::new(),
                    versions: Vec::new(),
                    overridden: &[],
                    source: String::new(),
                };
                call.problems = reader.check_inputs(call, *end);
            }
        }
        module.calls = calls;
        callers.pop();
        module
    }

    fn call(&mut self, module: &Module, call: &mut ModuleCall, callers: &mut Vec<PathBuf>) {
        if call.source.text.is_empty() {
            return;
        }
        let mut path = module.path.clone();
        path.push(call.name.text.clone());
        let folder = if calls::is_local(&call.source.text) {
            clean(&module.folder.join(call.source.text.replace('\\', "/")))
        } else {
            match installed::find(self.loader.installed(&path), call) {
                Ok(found) => {
                    call.installed_version = found.version;
                    clean(&found.folder)
                }
                Err(problem) => {
                    self.problems.push(*problem);
                    return;
                }
            }
        };
        if callers.contains(&folder) {
            let detail = format!(
                "The module \"{}\" is in the folder \"{}\", which is on the way to this call: it would contain \
                 itself without end.",
                call.name.text,
                folder.display()
            );
            self.problems
                .push(Diagnostic::error("Module contains itself", detail).at(call.source.span, ""));
            return;
        }
        let problems_before = self.problems.len();
        let loaded = self.module(&folder, path, callers, Some(call));
        let unreadable = self.problems[problems_before..]
            .iter()
            .any(|problem| problem.summary == NOT_INSTALLED && problem.span() == Some(call.span));
        call.module = if unreadable { Module::default() } else { loaded };
    }

    /// Reads the files of a folder; override files have been applied.
    fn files(&mut self, folder: &Path) -> io::Result<Rc<Files>> {
        if let Some(files) = self.read.get(folder) {
            return Ok(files.clone());
        }
        let place =
            if folder == Path::new(".") { self.root.clone() } else { self.root.join(folder) };
        let mut names = self.loader.list(&place)?;
        names.retain(|name| is_configuration(name));
        names.sort();
        let mut files = Files::default();
        let (changes, primary): (Vec<String>, Vec<String>) =
            names.into_iter().partition(|name| overrides::is_override(name));
        for name in primary {
            let blocks = self.file(folder, &place, &name, &mut files.json);
            files.blocks.extend(blocks);
        }
        for name in changes {
            let blocks = self.file(folder, &place, &name, &mut files.json);
            files.overridden.extend(overrides::apply(
                &mut files.blocks,
                blocks,
                &mut self.problems,
            ));
        }
        let files = Rc::new(files);
        self.read.insert(folder.to_path_buf(), files.clone());
        Ok(files)
    }

    fn file(
        &mut self,
        folder: &Path,
        place: &Path,
        name: &str,
        json: &mut BTreeSet<FileId>,
    ) -> Vec<Block> {
        let shown = clean(&folder.join(name)).display().to_string();
        let text = match self.loader.read(&place.join(name)) {
            Ok(bytes) => from_bytes(bytes),
            Err(error) => {
                let detail = format!("The file \"{shown}\" could not be read: {error}.");
                self.problems.push(Diagnostic::error("Failed to read file", detail));
                return Vec::new();
            }
        };
        let id = self.sources.add(shown.as_str(), text.as_str());
        let of_json = name.ends_with(".json");
        let (file, problems) = if of_json {
            json.insert(id);
            let document = syntax::parse_json(id, &shown, &text, nesting::MODULE);
            self.headings.extend(document.contexts);
            self.late.extend(document.late);
            (document.file, document.problems)
        } else {
            syntax::parse_named(id, &shown, &text)
        };
        self.problems.extend(problems);
        for attribute in &file.body.attributes {
            self.problems.push(unsupported_argument(attribute, &ROOT, &file.body, of_json));
        }
        let mut reader = Reader {
            sources: self.sources,
            json,
            module: Module::default(),
            problems: Vec::new(),
            late: Vec::new(),
            versions: Vec::new(),
            overridden: &[],
            source: String::new(),
        };
        let content = reader.partial(&file.body, &ROOT);
        let known: BTreeSet<Span> = content.blocks.iter().map(|block| block.span).collect();
        self.problems.extend(reader.problems);
        for block in &file.body.blocks {
            if !of_json {
                self.headings.push((block.span, heading(block)));
            }
            if !ROOT.blocks.iter().any(|(kind, _)| *kind == block.kind.text) {
                self.problems.push(unsupported_block(block, &ROOT));
            }
            if block.kind.text == "required_providers" {
                let detail =
                    "A \"required_providers\" block must be nested inside a \"terraform\" block.";
                let problem = Diagnostic::error("Invalid required_providers block", detail);
                self.problems.push(problem.at(block.kind.span, ""));
            }
        }
        file.body.blocks.into_iter().filter(|block| known.contains(&block.span)).collect()
    }
}

fn unread(folder: &Path, call: Option<&ModuleCall>, error: &io::Error) -> Diagnostic {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "there is no such folder".to_string(),
        _ => error.to_string(),
    };
    let shown = folder.display();
    match call {
        Some(call) => {
            let detail = format!(
                "The folder \"{shown}\" of the module \"{}\" could not be read: {reason}.",
                call.name.text
            );
            Diagnostic::error(NOT_INSTALLED, detail).at(call.span, "")
        }
        None => Diagnostic::error(
            "Failed to read module directory",
            format!("Module directory {shown} does not exist or cannot be read."),
        ),
    }
}

/// Says whether a file is part of a module.
fn is_configuration(name: &str) -> bool {
    let hidden = name.starts_with('.')
        || name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'));
    !hidden && (name.ends_with(".tf") || name.ends_with(".tf.json"))
}

/// Names the blocks that problems of a file's text are in.
pub fn told_in_blocks(file: &File, mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    name_blocks(&mut problems, &headings(file));
    problems
}

fn name_blocks(problems: &mut [Diagnostic], headings: &[(Span, String)]) {
    for problem in problems {
        problem.context =
            problem.span().and_then(|span| context_in(headings, span)).map(Into::into);
    }
}

fn headings(file: &File) -> Vec<(Span, String)> {
    file.body.blocks.iter().map(|block| (block.span, heading(block))).collect()
}

/// Names a block as people do: `resource "a" "b"`.
fn heading(block: &Block) -> String {
    let mut heading = block.kind.text.clone();
    for label in &block.labels {
        ([" \"", &label.text, "\""]).into_iter().for_each(|part| heading.push_str(part));
    }
    heading
}

/// Gives a path without `.` and with each `x/..` left out.
fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                let inside = matches!(out.components().next_back(), Some(Component::Normal(_)));
                if inside {
                    out.pop();
                } else {
                    out.push("..");
                }
            }
            other => out.push(other),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}
