//! Providers and sessions: offline and online apart, so that what must not touch the network cannot.
//!
//! A [`Provider`] knows its schemas and plans without the network. A [`Session`] is a configured
//! provider: it reads many objects at once and performs actions. [`Registry`] maps a provider's
//! source to it.

pub mod permission;
pub mod rest;
pub mod risks;
pub mod habits;
pub mod touch;
mod desk;
mod whose;
pub mod opened;
pub mod google;
pub mod kubernetes;
pub mod helm;
pub mod small;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::addr::{Address, Mode};
use crate::backends::vault::Vault;
use crate::diag::Diagnostic;
use crate::http::Clock;
use crate::http::pace::Pace;
use crate::schema::Schema;
use crate::state::Broken;
use crate::value::{Path, Value};

pub use self::desk::Desk;
use self::permission::{Doing, Permission, Tested};

/// A provider, offline.
pub trait Provider: Send + Sync {
    /// Gives the source, like `hashicorp/google`; others that mean the same are in the registry's table.
    fn source(&self) -> &str;

    /// Gives the schema of the provider's block.
    fn schema(&self) -> Arc<Schema>;

    /// Gives the type names of a mode.
    fn type_names(&self, mode: Mode) -> Vec<String>;

    /// Gives the schema of a resource type or data source.
    fn resource(&self, mode: Mode, type_name: &str) -> Option<Arc<Schema>>;

    /// Checks what the schema cannot say: enums, ranges, conflicts. Unknown parts pass.
    fn validate(&self, mode: Mode, type_name: &str, config: &Value) -> Vec<Problem>;

    /// Tells that what only the provider decides is written. Where that does no harm it tells nothing.
    fn decides(&self, _mode: Mode, path: &Path, name: &str) -> Option<Problem> {
        Some(rest::validate::decided(path, name))
    }

    /// Plans one managed instance: fills in what can be known, says what replaces. Pure.
    fn plan(&self, request: &PlanRequest<'_>) -> Planned;

    /// Names the argument of the provider block that says which server it speaks to, where that can be an object here (a cluster).
    fn endpoint_argument(&self) -> Option<&str> {
        None
    }

    /// Says whether what an object is comes from more than its configuration, like a chart's files: then also what seems unchanged
    /// is previewed.
    fn renders(&self, _type_name: &str) -> bool {
        false
    }

    /// Makes a session that previews without a server, while the configuration is not known; nothing where there is none.
    fn offline(&self, _config: &Value, _world: &World) -> Option<Arc<dyn Session>> {
        None
    }

    /// Says whether an object whose making was left under way is waited for when it is read: then it need not be made
    /// anew.
    fn resumes(&self, _type_name: &str) -> bool {
        false
    }

    /// Says whether actions send anything: what is only computed, or written on this machine, cannot be lost on the way.
    fn sends(&self) -> bool {
        true
    }

    /// Says whether an id names one object at a service, which two blocks would only take from each other.
    fn is_one(&self, _type_name: &str) -> bool {
        false
    }

    /// Names what an object may be needed by where nothing refers to it: a namespace's name, a mounted Secret's.
    fn offers(&self, _type_name: &str, _value: &Value) -> Vec<String> {
        Vec::new()
    }

    /// Names what an object needs without a reference to it, as [`Provider::offers`] does: what has such a name is made
    /// before it and removed after it.
    fn wants(&self, _type_name: &str, _value: &Value) -> Vec<String> {
        Vec::new()
    }

    /// Names what an object cannot be made without, of what [`Provider::wants`] names: a `-target` brings it.
    fn requires(&self, _type_name: &str, _value: &Value) -> Vec<String> {
        Vec::new()
    }

    /// Gives the minor version of Kubernetes that an object serves (33 for 1.33), where it is a cluster and that is known.
    fn serves(&self, _type_name: &str, _value: &Value) -> Option<u32> {
        None
    }

    /// Gives what an object is a part of: the other's resource type, and its id or name. When that goes, the object goes with it.
    fn inside(&self, _type_name: &str, _value: &Value) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Says whether what an object is a part of cannot go while the object is there: then it is removed before.
    fn holds(&self, _type_name: &str, _whole: &Value) -> bool {
        false
    }

    /// Gives what an object lives in and goes with, by the names of [`Provider::offers`]: a namespace, the definition of its kind.
    fn lives_in(&self, _type_name: &str, _value: &Value) -> Vec<String> {
        Vec::new()
    }

    /// Says whether something would be left behind (a disk) or undone if it only went down with its cluster: then it goes before.
    fn leaves_behind(&self, _type_name: &str, _object: &Observed) -> bool {
        false
    }

    /// Gives what an instance defines for others of its provider, by the names that these ask for: the kinds of a
    /// CustomResourceDefinition. Planning sees it in [`PlanRequest::offered`].
    fn defines(&self, _type_name: &str, _config: &Value) -> Vec<(String, Value)> {
        Vec::new()
    }

    /// Says what forbids an object's removal (`deletion_protection` in the state): nothing is sent then.
    fn check_delete(&self, _type_name: &str, _prior: &Value) -> Option<Problem> {
        None
    }

    /// Names what the account must be allowed, to do this with an object that is configured so. Pure.
    fn permissions(
        &self,
        _mode: Mode,
        _type_name: &str,
        _config: &Value,
        _provider: &Value,
        _doing: Doing,
    ) -> Vec<Permission> {
        Vec::new()
    }

    /// Gives the types whose objects can be listed, each with the types that it is listed below.
    fn discovers(&self) -> BTreeMap<String, Vec<String>> {
        BTreeMap::new()
    }

    /// Gives the types whose objects are not looked for, each with the reason.
    fn undiscovered(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// Gives the types whose objects hold those of a type too, each with the attributes that are then the same.
    fn held_by(&self, _type_name: &str) -> BTreeMap<String, Vec<String>> {
        BTreeMap::new()
    }

    /// Gives the smallest configuration that says what an object is. Pure.
    fn minimal(&self, _type_name: &str, found: &Value, _provider: &Value) -> Value {
        found.clone()
    }

    /// Brings attributes written with an older schema version to the present one.
    ///
    /// # Errors
    /// Why it cannot be done.
    fn upgrade(&self, _type_name: &str, _version: u64, attributes: Json) -> Result<Json, String> {
        Ok(attributes)
    }

    /// Gives the attributes to read by, from an import id.
    ///
    /// # Errors
    /// The forms that an id of this type has.
    fn import(&self, type_name: &str, id: &str, provider_config: &Value) -> Result<Value, String>;

    /// Gives an object that is to be taken over, as its block stands for it: secrets are hidden, and what no object has is the block's.
    fn imported(&self, _type_name: &str, found: Observed, _config: &Value) -> Observed {
        found
    }

    /// Makes a session. `config` may be unknown in parts only where the provider can work without them.
    ///
    /// # Errors
    /// What is wrong with the configuration or the credentials.
    fn configure(&self, config: &Value, world: &World)
    -> Result<Arc<dyn Session>, Box<Diagnostic>>;
}

/// What a session is given of the machine: nothing below `cli` reads it itself.
#[derive(Clone)]
pub struct World {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The environment's variables.
    pub environment: Arc<BTreeMap<String, String>>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// The folder of the root module.
    pub root: PathBuf,
    /// The sandbox's base address, where the run is in one: all Google services are below it.
    pub sandbox: Option<String>,
    /// The program's version, for the `User-Agent`.
    pub version: &'static str,
    /// What opens states of other configurations that are encrypted.
    pub vault: Option<Arc<Vault>>,
    /// How many calls at once the services take: sessions note how they are answered.
    pub pace: Arc<Pace>,
    /// Gives Google sessions a kubernetes session in a cluster of theirs asks for tokens.
    pub tokens: Option<Arc<dyn TokenSource>>,
}

/// Gives fresh OAuth access tokens.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// Gives a token that is good for some minutes.
    ///
    /// # Errors
    /// Why none can be had.
    async fn token(&self) -> Result<String, ApiError>;
}

/// Something wrong with a part of a block.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The part.
    pub path: Path,
    /// A warning only.
    pub warning: bool,
    /// The kind of problem.
    pub summary: String,
    /// What is wrong here. Empty where the summary says all: then it is told without a place.
    pub detail: String,
    /// What to do.
    pub help: Vec<String>,
}

/// What there is to plan for one managed instance.
pub struct PlanRequest<'a> {
    /// Which instance.
    pub address: &'a Address,
    /// Its resource type.
    pub type_name: &'a str,
    /// The object as it stands (read anew), by the schema; nothing where none exists.
    pub prior: Option<&'a Value>,
    /// The object that this one is made in place of: what the service gives both of them alike is known.
    pub replaced: Option<&'a Value>,
    /// The provider's own bytes of the prior object.
    pub private: &'a [u8],
    /// The configuration, by the schema: null where nothing is written.
    pub config: &'a Value,
    /// What `plan::propose` made of both: configuration over prior, defaults filled in, computed parts kept
    /// from the prior or unknown.
    pub proposed: &'a Value,
    /// The provider block's value.
    pub provider: &'a Value,
    /// What other instances of the provider define, by name.
    pub offered: &'a BTreeMap<String, Value>,
    /// The minor version of the cluster that the object will live in ([`Provider::serves`]), where the configuration has that
    /// cluster and says so.
    pub minor: Option<u32>,
}

/// What a provider plans.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The object as it will be, by the schema.
    pub after: Value,
    /// The parts whose change replaces the object. Empty where it is created or changed in place.
    pub replaces: Vec<Path>,
    /// What stands in the way, or should be known.
    pub problems: Vec<Problem>,
    /// Remarks for the plan's reader: "checked offline against Kubernetes 1.33" and the like.
    pub notes: Vec<String>,
}

/// One object to be read.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which instance.
    pub address: Address,
    /// Its resource type.
    pub type_name: String,
    /// The object as last seen, or what an import id gives.
    pub value: Value,
    /// The provider's own bytes.
    pub private: Vec<u8>,
}

/// What there is of a type.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// The import ids, each with what the list said of the object.
    pub found: Vec<(String, Value)>,
    /// What was left alone, by name, each with why.
    pub left: Vec<(String, String)>,
}

/// An object as found.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The object, by the schema, known at every depth.
    pub value: Value,
    /// The provider's own bytes.
    pub private: Vec<u8>,
}

/// What is found of an action that was broken off.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The object, where there is one by its name or id.
    pub object: Option<Observed>,
    /// It is as planned and ready: nothing is left to do for it.
    pub complete: bool,
    /// It was made by us since the action began, whatever it is like.
    pub ours: bool,
    /// Objects that the action may have made and that are of no use, as nobody has what their making gave (a secret).
    pub strays: Vec<Observed>,
}

/// A planned change, for the server's own dry-run.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// Which instance.
    pub address: Address,
    /// Its resource type.
    pub type_name: String,
    /// The object as it stands.
    pub prior: Option<Value>,
    /// The provider's own bytes.
    pub private: Vec<u8>,
    /// The configuration.
    pub config: Value,
    /// What `Provider::plan` gave.
    pub planned: Value,
    /// Another instance of the plan defines what it is.
    pub defined: bool,
    /// As in [`PlanRequest::minor`].
    pub minor: Option<u32>,
}

/// How the note begins that says what a plan was held against where no server was asked.
pub const OFFLINE: &str = "checked against the ";

/// What the server's dry-run gave.
#[derive(Clone, Debug)]
pub enum Preview {
    /// The server has none, or cannot say (the namespace does not exist yet): the plan stands.
    Unverified(Option<String>),
    /// The object as the server would make it.
    Sharper {
        /// The planned value, with what the server says.
        after: Value,
        /// The parts whose change the server refuses in place.
        replaces: Vec<Path>,
        /// Why it comes from elsewhere than the server, where it does.
        unchecked: Option<String>,
        /// What the server says besides.
        notes: Vec<String>,
    },
    /// The server refuses.
    Refused(ApiError),
}

/// One action on one object.
#[derive(Clone, Debug)]
pub struct Action {
    /// Which instance.
    pub address: Address,
    /// Its resource type.
    pub type_name: String,
    /// What to do.
    pub deed: Deed,
    /// The provider's own bytes of the prior object.
    pub private: Vec<u8>,
    /// What it lives in goes after it: what it has had made goes too, whatever it says of that.
    pub cleared: bool,
    /// The worlds ([`Session::identity`]) that the plan met by the provider's block.
    pub met: Vec<Json>,
}

/// What to do with an object.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Make it.
    Create {
        /// As planned, all of the configuration's parts known; computed parts may be unknown.
        planned: Value,
        /// The configuration (write-only arguments stand only here).
        config: Value,
    },
    /// Change it.
    Update {
        /// As it stands.
        prior: Value,
        /// As planned.
        planned: Value,
        /// The configuration.
        config: Value,
    },
    /// Remove it.
    Delete {
        /// As it stands. `force_destroy` and the like count as they stand here.
        prior: Value,
    },
}

/// What came of an action that failed: the error, and the object as far as it exists.
#[derive(Debug)]
pub struct Failure {
    /// What went wrong.
    pub error: ApiError,
    /// The object as far as it was made: it is kept as tainted after a failed create. For a failed
    /// delete or update nothing means "as it was".
    pub partial: Option<Observed>,
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Failure {
        Failure { error, partial: None }
    }
}

/// A configured provider.
#[async_trait]
pub trait Session: Send + Sync {
    /// Reads many objects, by as few requests as can be: one LIST for a collection. Nothing where an
    /// object does not exist.
    async fn read_many(&self, wanted: &[Wanted]) -> Vec<Result<Option<Observed>, ApiError>>;

    /// Reads an object for which nobody need be asked, at once; nothing where [`Session::read_many`] is needed.
    fn read_at_once(&self, _wanted: &Wanted) -> Option<Result<Option<Observed>, ApiError>> {
        None
    }

    /// Asks which of some permissions the account has; nothing where the service cannot be asked.
    async fn granted(&self, _tested: &Tested) -> Result<Option<Vec<String>>, ApiError> {
        Ok(None)
    }

    /// Lists the objects of a type that the project has; `above` are those found of the types that it is listed below.
    async fn discover(
        &self,
        _type_name: &str,
        _above: &BTreeMap<String, Vec<Value>>,
    ) -> Result<Discovered, ApiError> {
        Ok(Discovered::default())
    }

    /// Reads a data source.
    async fn read_data(&self, type_name: &str, config: &Value) -> Result<Value, ApiError>;

    /// Opens an ephemeral resource: gets or makes what a run needs and nothing keeps.
    async fn open(&self, type_name: &str, config: &Value) -> Result<Value, ApiError> {
        self.read_data(type_name, config).await
    }

    /// Gives back what was opened, when the run needs it no more.
    async fn close(&self, _type_name: &str, _opened: &Value) -> Result<(), ApiError> {
        Ok(())
    }

    /// Says whether there is a server that can be asked by [`Session::preview`].
    fn previews(&self) -> bool {
        false
    }

    /// Asks the server what it would make of planned changes.
    async fn preview(&self, proposed: &[Proposed]) -> Vec<Preview> {
        proposed.iter().map(|_| Preview::Unverified(None)).collect()
    }

    /// Performs an action, all its requests and waits. Each request that changes the world goes through
    /// [`Desk::intent`] before and [`Desk::answer`] after. Gives the object; nothing after a delete.
    async fn act(&self, action: &Action, desk: &dyn Desk) -> Result<Option<Observed>, Failure>;

    /// Looks for what an action that was broken off has left. `wanted` is the object as far as it was known to exist, or
    /// as it was planned, with null for what only its making tells. What is on its way is waited for, and `desk` is told.
    async fn find(
        &self,
        wanted: &Wanted,
        _broken: &Broken,
        _desk: &dyn Desk,
    ) -> Result<Found, ApiError> {
        let mut read = self.read_many(std::slice::from_ref(wanted)).await;
        let object = read.pop().transpose()?.flatten();
        let complete = object.as_ref().is_some_and(|found| wanted.value.is_within(&found.value));
        Ok(Found { object, complete, ours: false, strays: Vec::new() })
    }

    /// Goes on with the making of an object that was found, where a run ended between two of its requests: `action` makes
    /// it.
    async fn resume(
        &self,
        _action: &Action,
        found: Observed,
        _desk: &dyn Desk,
    ) -> Result<Observed, Failure> {
        Ok(found)
    }

    /// Says who has touched objects, and what others have added to them where reading does not tell. It only reads.
    async fn history(&self, asked: &[touch::Touched]) -> touch::History {
        touch::History::of_none(asked.len())
    }

    /// Says what the cloud's audit logs have of objects that are named so, each by any of its names, and that live at an address;
    /// nothing where the session has no such logs.
    async fn logged(&self, _lives_at: &str, _names: &[Vec<String>]) -> Option<touch::History> {
        None
    }

    /// Begins to be told when some of these objects change; nothing where the service does not tell.
    async fn follow(self: Arc<Self>, _of: &[touch::Touched]) -> Option<Box<dyn touch::Follow>> {
        None
    }

    /// Lists what there is beside these objects, of the types that patterns choose (none: all); nothing where the session has no list.
    async fn strays(
        &self,
        _objects: &[touch::Touched],
        _chosen: &[String],
    ) -> Option<touch::Strays> {
        None
    }

    /// Gives what tells this session's world from another (a cluster's uid and CA), where it matters.
    fn identity(&self) -> Option<Json> {
        None
    }

    /// Gives a source of access tokens, where the session has one.
    fn tokens(&self) -> Option<Arc<dyn TokenSource>> {
        None
    }
}

/// What kind of thing went wrong: one for each thing that a caller does differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiErrorKind {
    /// There is no such thing.
    NotFound,
    /// No, or no good, credentials.
    Unauthenticated,
    /// Not permitted.
    Denied,
    /// It exists already, or somebody changed it meanwhile.
    Conflict,
    /// The request is wrong as it stands.
    Invalid,
    /// A quota or rate is used up.
    Quota,
    /// No answer, after several attempts.
    Unreachable,
    /// It did not become ready in time.
    Timeout,
    /// It was made and then failed by itself (a Job, an operation).
    Failed,
    /// A safety of the configuration forbids it (`deletion_protection`, a bucket that is not empty).
    Protected,
    /// It is in another world than the session's ([`Session::identity`]).
    Elsewhere,
    /// The run was asked to stop.
    Interrupted,
    /// The service is at fault.
    Internal,
}

impl ApiErrorKind {
    /// Says whether the same request may be answered later.
    pub fn passes(self) -> bool {
        use ApiErrorKind::{Internal, Interrupted, Quota, Timeout, Unauthenticated, Unreachable};
        matches!(self, Internal | Interrupted | Quota | Timeout | Unauthenticated | Unreachable)
    }
}

/// What a service answered instead of doing as asked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{summary}: {detail}")]
pub struct ApiError {
    /// What kind.
    pub kind: ApiErrorKind,
    /// The kind of problem, in a few words: `Error creating Bucket`, `Permission denied`.
    pub summary: String,
    /// What was being done, to what, and what stood in the way: the service's own words included.
    pub detail: String,
    /// What to do.
    pub help: Vec<String>,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
    /// The argument at fault, where it is known.
    pub path: Option<Path>,
    /// What it comes from, where that can bring about many errors: they are told once.
    pub root: Option<String>,
}

impl ApiError {
    /// Makes an error.
    pub fn new(
        kind: ApiErrorKind,
        summary: impl Into<String>,
        detail: impl Into<String>,
    ) -> ApiError {
        ApiError {
            kind,
            summary: summary.into(),
            detail: detail.into(),
            help: Vec::new(),
            status: None,
            path: None,
            root: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> ApiError {
        self.help.push(help.into());
        self
    }

    /// Names what it comes from.
    #[must_use]
    pub fn root(mut self, root: impl Into<String>) -> ApiError {
        self.root = Some(root.into());
        self
    }

    /// Gives the diagnostic for people.
    pub fn to_diagnostic(&self, address: &Address) -> Diagnostic {
        let mut problem = Diagnostic::error(&self.summary, &self.detail).about(address);
        problem.help.clone_from(&self.help);
        problem.root.clone_from(&self.root);
        problem
    }
}

/// All providers, by source.
#[derive(Clone, Default)]
pub struct Registry {
    providers: BTreeMap<String, Arc<dyn Provider>>,
}

impl Registry {
    /// Takes in a provider under a source.
    pub fn add(&mut self, source: &str, provider: Arc<dyn Provider>) {
        self.providers.insert(source.to_string(), provider);
    }

    /// Gives the provider of a source, `hashicorp/google` or with a registry host before it.
    pub fn provider(&self, source: &str) -> Option<&Arc<dyn Provider>> {
        self.providers.get(source).or_else(|| {
            let mut parts = source.rsplitn(3, '/');
            let (name, owner) = (parts.next()?, parts.next()?);
            self.providers.get(&format!("{owner}/{name}"))
        })
    }

    /// Gives all sources.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.providers.keys().map(String::as_str)
    }
}
