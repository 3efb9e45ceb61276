//! The evaluator: a configuration to the desired world.
//!
//! Pure and demand-driven: a name is evaluated when somebody asks, with a cycle check on the way
//! down. It asks one question of the world through [`Oracle`]: "what value stands for this
//! instance?" Validate, plan, apply and console differ only in who answers.

mod evaluator;
mod pass;
mod evidence;
mod cause;
mod order;
mod scope;
mod expr;
mod operator;
mod comprehension;
mod template;
mod call;
mod provided;
mod access;
mod reference;
mod module;
mod variable;
mod expand;
mod spread;
mod instance;
mod provider_block;
mod trigger;
mod body;
mod as_argument;
mod dynamic;
mod written;
mod check;
mod outcomes;
mod import;
mod provisioner;
mod reach;
mod outline;
mod contributes;
#[cfg(test)]
mod tests;

pub use self::cause::Unplanned;
pub use self::evaluator::{Evaluation, Evaluator};
pub use self::import::Imported;
pub use self::instance::sealed;
pub use self::outline::{Outline, constant_of, outline, reference_text};
pub use self::provisioner::LOCAL_EXEC;
pub use self::reach::{Reached, is_reached};
pub use self::spread::Origin;
pub use self::variable::{is_plain_text, missing, undeclared};
pub use self::written::from_json;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use crate::addr::{Address, Mode};
use crate::config::Lifecycle;
use crate::diag::{Diagnostic, FileId, Span};
use crate::schema::Schema;
use crate::value::{Path, Value};

/// A provider block in a module's instance: what a session is made from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderRef {
    /// The module path of the block; empty for the root.
    pub module: Vec<String>,
    /// The provider's own name, the last part of its source (`google`, `kubernetes`, `random`).
    pub name: String,
    /// The source, `hashicorp/google`.
    pub source: String,
    /// The alias.
    pub alias: Option<String>,
}

/// A provider's evaluated configuration.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// The block's value by the provider's schema; unknown parts where it waits for a resource.
    pub value: Value,
    /// The instances that each argument was made from.
    pub needs: BTreeMap<String, BTreeSet<Address>>,
    /// The block's place; nothing where there is no block.
    pub span: Option<Span>,
}

impl ProviderConfig {
    /// Gives the instances that an argument was made from; `block.argument` is one inside a block, and all of the block's count
    /// where it is not told apart.
    pub fn needs_of(&self, argument: &str) -> Option<&BTreeSet<Address>> {
        let whole = || self.needs.get(argument.split_once('.')?.0);
        self.needs.get(argument).or_else(whole)
    }
}

/// What an instance's block says about its life.
#[derive(Clone, Debug, Default)]
pub struct InstanceLifecycle {
    /// As written.
    pub config: Lifecycle,
    /// `prevent_destroy`, evaluated.
    pub prevent_destroy: bool,
    /// `ignore_changes`, as paths in the instance's value.
    pub ignore: Ignore,
    /// `replace_triggered_by`: blocks or instances, with the attribute path where one is given.
    pub replace_triggered_by: Vec<(Address, Path)>,
}

/// What of an object's changes is left alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Ignore {
    /// Nothing.
    #[default]
    None,
    /// All.
    All,
    /// These parts.
    Paths(Vec<Path>),
}

/// What one block, or one turn of its `count` or `for_each`, wants.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The block's value by its schema: null where nothing is written, no defaults filled in.
    pub config: Value,
    /// The instances and blocks that it was made from, `depends_on` included; managed, data, and those
    /// that module inputs, locals and provider blocks lead to.
    pub needs: BTreeSet<Address>,
    /// Those of `needs` that come from `depends_on` (a data source with pending ones is read in the apply).
    pub depends_on: BTreeSet<Address>,
    /// Its provider's block.
    pub provider: Arc<ProviderRef>,
    /// What its block says about its life.
    pub lifecycle: InstanceLifecycle,
    /// Its block's header.
    pub span: Span,
    /// Where its block opens: the place of what is wrong with none of its arguments.
    pub open: Span,
    /// Whether it is the data source of a check.
    pub scoped: bool,
    /// The place of each expression, by the path of what it gives (top-level arguments and those in
    /// nested blocks).
    pub places: Vec<(Path, Span)>,
    /// Where its own argument was written, where that is another file.
    pub origin: Option<Origin>,
}

/// The desired world.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// All instances, managed and data.
    pub instances: BTreeMap<Address, Rc<Instance>>,
    /// The same as they are found, which comes to an end before they are looked up.
    found: Vec<(Address, Rc<Instance>)>,
    /// Instances that there are and that could not be evaluated, or must not be made by their preconditions.
    pub unmade: BTreeSet<Address>,
    /// Blocks whose number of instances is not known yet.
    pub deferred: BTreeSet<Address>,
    /// The instances of modules that there are.
    pub modules: BTreeSet<crate::addr::ModulePath>,
    /// The root module's outputs.
    pub outputs: BTreeMap<String, OutputValue>,
    /// The provider blocks that instances use, or that stand in the root.
    pub providers: BTreeMap<Arc<ProviderRef>, ProviderConfig>,
    /// What preconditions, postconditions, output preconditions, variable validations and check blocks gave.
    pub checks: Vec<CheckResult>,
}

/// An output of the root module.
#[derive(Clone, Debug)]
pub struct OutputValue {
    /// The value.
    pub value: Value,
    /// Whether the block says so.
    pub sensitive: bool,
    /// Whether it is never kept.
    pub ephemeral: bool,
    /// The instances that it was made from.
    pub needs: BTreeSet<Address>,
    /// Its block's header.
    pub span: Span,
}

/// What became of one checkable object.
#[derive(Clone, Debug)]
pub struct CheckResult {
    /// What was checked: `resource`, `output_value`, `check`, `var`.
    pub kind: &'static str,
    /// The block's address, as people write it (`var.x`, `check.y`, `output.z`, `a.b`).
    pub config_address: String,
    /// The instance's address; empty where there is no instance, or none is known.
    pub address: String,
    /// Pass, fail, or not known before the apply.
    pub status: CheckStatus,
    /// The messages of what failed.
    pub failures: Vec<String>,
}

impl CheckResult {
    /// Says whether what was checked goes no further.
    pub(crate) fn stops(&self) -> bool {
        matches!(self.status, CheckStatus::Fail | CheckStatus::Error)
    }
}

/// A check's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckStatus {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// It could not be evaluated.
    Error,
    /// Not known before the apply.
    Unknown,
}

/// The question that the evaluator asks.
pub struct Asked<'a> {
    /// Which instance.
    pub address: &'a Address,
    /// All that its block says.
    pub instance: &'a Instance,
    /// Its provider's configuration.
    pub provider: &'a ProviderConfig,
    /// Its schema.
    pub schema: &'a Arc<Schema>,
}

/// What the world answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The value that stands for the instance; parts may be unknown until the apply.
    Known(Value),
    /// Merely not read yet: ask again in the next round. Nothing that touched it is remembered or diagnosed.
    Pending,
    /// None can be given, and why.
    Problem(Box<Diagnostic>),
}

/// Who answers.
pub trait Oracle {
    /// Gives the value that stands for an instance.
    fn object(&mut self, asked: &Asked<'_>) -> Answer;

    /// Gives what was found wrong with the instance that was asked for last, besides the answer.
    fn found_wrong(&mut self) -> Vec<Diagnostic> {
        Vec::new()
    }

    /// Gives the address under which an instance is kept, for `for_each` over unknown keys: the keys that
    /// the prior state has of a block. Empty where there is none.
    fn prior_keys(&self, _block: &Address) -> Vec<crate::addr::Key> {
        Vec::new()
    }

    /// Says whether there is anything of a block, kept or planned: else not even its type is looked at.
    fn stands(&self, _block: &Address) -> bool {
        true
    }

    /// Gives an object as the prior state has it, for an instance that is not planned; nothing where there is none.
    fn kept(&self, _address: &Address, _provider: &ProviderRef) -> Option<Value> {
        None
    }
}

/// Gives the schemas of providers, resource types and data sources.
pub trait Schemas {
    /// Gives the schema of a provider's block, by source; nothing where there is no such provider.
    fn provider(&self, source: &str) -> Option<Arc<Schema>>;

    /// Gives the schema of a resource type or data source.
    fn resource(&self, source: &str, mode: Mode, type_name: &str) -> Option<Arc<Schema>>;

    /// Names the providers that there are, for who asks for another.
    fn sources(&self) -> Vec<String> {
        Vec::new()
    }

    /// Gives the known type names of a provider, for "did you mean".
    fn type_names(&self, source: &str, mode: Mode) -> Vec<String>;
}

/// What an evaluation is given besides the configuration.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The root variables' values with where each came from (`-var`, a file, the environment).
    pub variables: BTreeMap<String, InputValue>,
    /// `terraform.workspace`.
    pub workspace: String,
    /// `path.cwd`: the folder the program was started in.
    pub cwd: PathBuf,
    /// `path.root` as a real folder, to read files of functions from.
    pub root: PathBuf,
    /// The home folder, for `pathexpand`.
    pub home: Option<PathBuf>,
    /// `timestamp()` and `plantimestamp()`: the moment the plan was made.
    pub plan_time: Option<jiff::Timestamp>,
    /// Whether this is an apply: `timestamp()`, `uuid()`, `bcrypt()` give values rather than unknowns.
    pub applying: bool,
    /// Whether only the text is checked: root variables are unknown, and one unknown turn stands for all
    /// instances of a block with `count` or `for_each`.
    pub validating: bool,
    /// Whether all is to go: then no conditions but the variables' validations are evaluated.
    pub unchecked: bool,
    /// Whether nothing is changed: of conditions that fail it is only told.
    pub lenient: bool,
}

/// A root variable's value as given.
#[derive(Clone, Debug)]
pub struct InputValue {
    /// The value: a string from `-var` or the environment is not yet parsed.
    pub value: RawInput,
    /// Where it came from, for messages: `-var="x=..."`, a file's name, `TF_VAR_x`.
    pub origin: String,
    /// Its place, where it came from a file.
    pub span: Option<Span>,
    /// The source that its text was taken in as, where it is text that is read as an expression.
    pub file: Option<FileId>,
}

/// A root variable before conversion.
#[derive(Clone, Debug)]
pub enum RawInput {
    /// Text: taken as it is for a string variable, else parsed as an expression.
    Text(String),
    /// A value from a `.tfvars` file.
    Value(Value),
}
