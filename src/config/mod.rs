//! A configuration: the module tree with its blocks, each with its place.
//!
//! Never fails: gives what could be understood *and* the problems. Knows nothing of values beyond
//! what is fixed text, and nothing of resource types' schemas.

mod body;
mod calls;
pub mod constant;
mod constraint;
pub mod installed;
mod key;
mod load;
pub mod names;
mod nesting;
mod overrides;
mod passed;
mod read;
mod required;
mod resource;
mod rewrites;
mod settings;
pub mod source;
mod sum;
mod values;
pub mod version;

pub use self::key::{BlockKey, BlockName, Blocks, block_name};
pub use self::load::{Disk, Edited, Loader, Memory, load, load_variables, told_in_blocks};
pub use self::sum::text_sum;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::addr::{Address, Mode, Target};
use crate::diag::{Diagnostic, Span};
use crate::syntax::tree::{Attribute, Block, Body, Expr, Ident};
use crate::value::constraint::Constraint;

/// All that was read for one root module.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The root module.
    pub root: Module,
    /// The outermost blocks of all files, with what people call them: `resource "a" "b"`.
    pub headings: Vec<(Span, String)>,
}

/// One module: what the files of one folder say.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The names of the calls that lead here; empty for the root.
    pub path: Vec<String>,
    /// The folder, as `path.module` gives it (`.` for the root).
    pub folder: PathBuf,
    /// `terraform` blocks.
    pub settings: Settings,
    /// `variable` blocks.
    pub variables: BTreeMap<String, Variable>,
    /// `locals`.
    pub locals: BTreeMap<String, Attribute>,
    /// `output` blocks.
    pub outputs: BTreeMap<String, Output>,
    /// `resource`, `data` and `ephemeral` blocks.
    pub resources: Blocks,
    /// `module` blocks.
    pub calls: BTreeMap<String, ModuleCall>,
    /// `provider` blocks by local name and alias.
    pub providers: BTreeMap<(String, Option<String>), ProviderBlock>,
    /// `moved` blocks.
    pub moved: Vec<Moved>,
    /// `removed` blocks.
    pub removed: Vec<Removed>,
    /// `import` blocks.
    pub imports: Vec<Import>,
    /// `check` blocks.
    pub checks: BTreeMap<String, Check>,
}

/// `terraform { … }`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `required_version` texts with their places.
    pub required_version: Vec<(String, Span)>,
    /// `required_providers`: local name to source (`hashicorp/google`) and version constraint.
    pub required_providers: BTreeMap<String, RequiredProvider>,
    /// `provider_meta` blocks: local name to place.
    pub provider_meta: BTreeMap<String, Span>,
    /// The place of the `required_providers` block.
    pub required_providers_block: Option<Span>,
    /// `backend "TYPE" { … }`.
    pub backend: Option<Block>,
    /// `encryption { … }`, as OpenTofu has it.
    pub encryption: Option<Block>,
}

/// One entry of `required_providers`.
#[derive(Clone, Debug, Default)]
pub struct RequiredProvider {
    /// The source as written, like `hashicorp/google`; empty where none is given.
    pub source: String,
    /// The version constraint as written; empty where none is given.
    pub version: String,
    /// Names under which callers must pass configurations of it: local name and alias.
    pub aliases: Vec<(String, String)>,
    /// The place of what is said of it.
    pub span: Span,
}

/// A provider configuration that a call hands to its module.
#[derive(Clone, Debug)]
pub struct Passed {
    /// Its name in the module: local name and alias.
    pub inside: (String, Option<String>),
    /// Its name where the call stands.
    pub here: (String, Option<String>),
    /// The place of the local name in the module.
    pub inside_span: Span,
    /// The place of the local name where the call stands.
    pub here_span: Span,
    /// The place of the whole entry.
    pub span: Span,
}

/// `variable "NAME" { … }`.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The name with its place.
    pub name: Ident,
    /// The type, with optional attributes and their defaults.
    pub constraint: Constraint,
    /// Whether a `type` was written.
    pub typed: bool,
    /// The default; without one the variable must be given.
    pub default: Option<Expr>,
    /// The description.
    pub description: String,
    /// `sensitive = true`.
    pub sensitive: bool,
    /// `ephemeral = true`.
    pub ephemeral: bool,
    /// `nullable`, true where not written.
    pub nullable: bool,
    /// `validation` blocks.
    pub validations: Vec<CheckRule>,
    /// The header's place.
    pub span: Span,
}

/// A `condition` with its `error_message`: in validations, preconditions, postconditions, asserts.
#[derive(Clone, Debug)]
pub struct CheckRule {
    /// What must hold.
    pub condition: Expr,
    /// What is said when it does not.
    pub error_message: Expr,
    /// The block's header.
    pub span: Span,
}

/// `output "NAME" { … }`.
#[derive(Clone, Debug)]
pub struct Output {
    /// The name with its place.
    pub name: Ident,
    /// The value.
    pub value: Expr,
    /// The description.
    pub description: String,
    /// `sensitive = true`.
    pub sensitive: bool,
    /// `ephemeral = true`.
    pub ephemeral: bool,
    /// `depends_on`.
    pub depends_on: Vec<Expr>,
    /// `precondition` blocks.
    pub preconditions: Vec<CheckRule>,
    /// The header's place.
    pub span: Span,
}

/// `resource`, `data` or `ephemeral`.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Which of the three.
    pub mode: Mode,
    /// The resource type with its place.
    pub type_name: Ident,
    /// The name with its place.
    pub name: Ident,
    /// `provider = google.alias`: local name and alias.
    pub provider: Option<(Ident, Option<Ident>)>,
    /// `count`.
    pub count: Option<Expr>,
    /// `for_each`.
    pub for_each: Option<Expr>,
    /// `depends_on`: each a reference.
    pub depends_on: Vec<Expr>,
    /// `lifecycle`.
    pub lifecycle: Lifecycle,
    /// `provisioner` blocks as written.
    pub provisioners: Vec<Block>,
    /// The rest: what the resource type's schema knows (`timeouts` included).
    pub body: Body,
    /// The header's place.
    pub span: Span,
}

/// `lifecycle { … }`.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// `create_before_destroy`, where written.
    pub create_before_destroy: Option<bool>,
    /// `prevent_destroy`.
    pub prevent_destroy: Option<Expr>,
    /// `ignore_changes`.
    pub ignore_changes: IgnoreChanges,
    /// `replace_triggered_by`: references.
    pub replace_triggered_by: Vec<Expr>,
    /// `precondition` blocks.
    pub preconditions: Vec<CheckRule>,
    /// `postcondition` blocks.
    pub postconditions: Vec<CheckRule>,
}

/// What of an object's changes is left alone.
#[derive(Clone, Debug, Default)]
pub enum IgnoreChanges {
    /// Nothing.
    #[default]
    None,
    /// `all`.
    All,
    /// These paths, each a relative reference (`labels["x"]`, `node_config[0].tags`).
    Paths(Vec<Expr>),
}

/// `module "NAME" { … }`.
#[derive(Clone, Debug)]
pub struct ModuleCall {
    /// The name with its place.
    pub name: Ident,
    /// `source` as written.
    pub source: Ident,
    /// `version` as written: a constraint on a registry's module.
    pub version: Option<Ident>,
    /// The version that is installed, where the source has versions.
    pub installed_version: Option<String>,
    /// `count`.
    pub count: Option<Expr>,
    /// `for_each`.
    pub for_each: Option<Expr>,
    /// `depends_on`.
    pub depends_on: Vec<Expr>,
    /// `providers`.
    pub providers: Vec<Passed>,
    /// The arguments for the module's variables.
    pub inputs: Body,
    /// The module that is called; empty where it could not be read.
    pub module: Module,
    /// What is wrong with the arguments: it is told before anything is evaluated, and alone.
    pub problems: Vec<Diagnostic>,
    /// The header's place.
    pub span: Span,
}

/// `provider "NAME" { … }`.
#[derive(Clone, Debug)]
pub struct ProviderBlock {
    /// The local name with its place.
    pub name: Ident,
    /// `alias`.
    pub alias: Option<Ident>,
    /// Whether it has a `version`, which older configurations wrote here.
    pub versioned: bool,
    /// `version` as written, which chooses nothing.
    pub version: Option<String>,
    /// The rest.
    pub body: Body,
    /// The header's place.
    pub span: Span,
}

/// `moved { from, to }`.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The former address, relative to the module.
    pub from: Target,
    /// The present one.
    pub to: Target,
    /// The block's place.
    pub span: Span,
}

/// `removed { from, lifecycle { destroy } }`.
#[derive(Clone, Debug)]
pub struct Removed {
    /// What is no longer managed, relative to the module; without keys.
    pub from: Target,
    /// Whether the object is destroyed too.
    pub destroy: bool,
    /// `provisioner` blocks as written: they run before the object is removed.
    pub provisioners: Vec<Block>,
    /// The block's place.
    pub span: Span,
}

/// `import { to, id, for_each, provider }`.
#[derive(Clone, Debug)]
pub struct Import {
    /// The address to import to: an expression, since its key may use `each.key`.
    pub to: Expr,
    /// The id.
    pub id: Option<Expr>,
    /// The identity object.
    pub identity: Option<Expr>,
    /// `for_each`.
    pub for_each: Option<Expr>,
    /// `provider`.
    pub provider: Option<(Ident, Option<Ident>)>,
    /// The place of `provider`.
    pub provided: Option<Span>,
    /// The block's place.
    pub span: Span,
}

/// `check "NAME" { … }`.
#[derive(Clone, Debug)]
pub struct Check {
    /// The name with its place.
    pub name: Ident,
    /// The scoped data source.
    pub data: Option<Resource>,
    /// `assert` blocks.
    pub asserts: Vec<CheckRule>,
    /// The header's place.
    pub span: Span,
}

/// Writes the calls that lead to a module: `module.a.module.b`.
pub fn module_path(path: &[String]) -> String {
    let steps: Vec<String> = path.iter().map(|name| format!("module.{name}")).collect();
    steps.join(".")
}

/// Names the first of some blocks that a place is in.
fn context_in(headings: &[(Span, String)], span: Span) -> Option<&str> {
    // As Terraform does, with the character before the place: a problem of a block as a whole is not in it.
    let inside = |block: &Span| {
        block.file == span.file && block.start < span.start && span.start <= block.end
    };
    headings.iter().find(|(block, _)| inside(block)).map(|(_, heading)| heading.as_str())
}

impl Config {
    /// Names the outermost block that a place is in, like `resource "a" "b"`.
    pub fn context(&self, span: Span) -> Option<&str> {
        context_in(&self.headings, span)
    }

    /// Gives the module that these calls lead to.
    pub fn module(&self, path: &[String]) -> Option<&Module> {
        path.iter()
            .try_fold(&self.root, |module, name| module.calls.get(name).map(|call| &call.module))
    }

    /// Gives the block of an instance.
    pub fn resource(&self, address: &Address) -> Option<&Resource> {
        let path: Vec<String> = address.module.iter().map(|step| step.name.clone()).collect();
        self.module(&path)?.resource(block_name(address))
    }
}

impl Resource {
    /// Gives the block's name in its module.
    pub fn block_name(&self) -> BlockName<'_> {
        (self.mode, &self.type_name.text, &self.name.text)
    }
}

impl Module {
    /// Gives the resource block of a name.
    pub fn resource(&self, name: BlockName<'_>) -> Option<&Resource> {
        self.resources.get(&name as &dyn key::NamesBlock).map(Box::as_ref)
    }

    /// Gives the provider's source that a local name stands for: `hashicorp/NAME` where nothing is said, and
    /// `builtin/terraform` for the language's own.
    pub fn provider_source(&self, local_name: &str) -> String {
        match self.settings.required_providers.get(local_name) {
            Some(required) if !required.source.is_empty() => {
                let source = required.source.strip_prefix("registry.terraform.io/");
                let source = source.unwrap_or(&required.source);
                if source.contains('/') {
                    source.to_string()
                } else {
                    format!("hashicorp/{source}")
                }
            }
            // The language's own provider is built in.
            _ if local_name == "terraform" => "builtin/terraform".into(),
            _ => format!("hashicorp/{local_name}"),
        }
    }
}
