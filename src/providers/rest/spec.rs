//! What a resource file says.

use std::collections::BTreeMap;

use crate::addr::Mode;
use crate::http::Method;
use crate::schema::{Given, RiskRule};
use crate::value::{Type, Value};

use super::codec::Codec;
use super::equal::{Around, is_zero, same};
use super::template::Template;

/// One resource type or data source.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Resource or data source.
    pub mode: Mode,
    /// The type's name.
    pub type_name: String,
    /// A data source with the attributes of the resource of the same name, all told by the service.
    pub like: bool,
    /// The service that is called.
    pub service: String,
    /// The service's address with the version of its API, where the provider does not know the service.
    pub base: Option<String>,
    /// The name of the service's schema of the object.
    pub object: String,
    /// The version that state entries are written with.
    pub schema_version: u64,
    /// The attribute `id`.
    pub id: Template,
    /// The forms of an import id, in the order tried.
    pub import: Vec<Template>,
    /// What an import sets because the service does not know it.
    pub import_sets: Vec<(String, Value)>,
    /// The attribute that holds the user's labels, where the type has the three label attributes.
    pub labels: Option<String>,
    /// The attributes that say which version of Kubernetes it serves, where it is a cluster.
    pub serves: Vec<String>,
    /// What takes one change at a time: actions of one session that name the same wait for each other.
    pub locks: Vec<Template>,
    /// What it is a part of, and goes with: the other's type, and its id or name by the attributes of this one.
    pub inside: BTreeMap<String, Template>,
    /// The attribute of the other that must be true for that: else the other cannot go with this one in it.
    pub goes_if: Option<String>,
    /// What the account must be allowed beside the calls that stand here.
    pub needs: Vec<Need>,
    /// How the object is made.
    pub create: Option<Call>,
    /// How it is read.
    pub read: Option<Call>,
    /// How all objects of its collection are read.
    pub list: Option<List>,
    /// How those that a project has are found, where that is not the list as it stands.
    pub discover: Option<Discover>,
    /// How it is changed.
    pub update: Update,
    /// How it is removed.
    pub delete: Option<Call>,
    /// Further calls by name, for the update of single fields.
    pub rpcs: BTreeMap<String, Call>,
    /// The operations that its calls answer with.
    pub operation: OperationKind,
    /// When the object is at rest.
    pub rests: Option<Rests>,
    /// How long each of create, read, update, delete may take, in seconds.
    pub timeouts: BTreeMap<String, u64>,
    /// Groups of which exactly one must be given.
    pub exactly_one_of: Vec<Vec<String>>,
    /// Groups of which at least one must be given, where their block is.
    pub at_least_one_of: Vec<Vec<String>>,
    /// The code for what words cannot say.
    pub hook: Option<String>,
    /// Members of a listed object that the hook reads beside the attributes' own.
    pub looks_at: Vec<String>,
    /// Members that the service does not know: the hook makes them of others.
    pub made: Vec<String>,
    /// The attributes and blocks.
    pub parts: Vec<Part>,
    /// What changes are dangerous.
    pub risks: Vec<RiskRule>,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path and query below the service's base.
    pub path: Template,
    /// Where the object stands in the body: the whole, or in a member; nothing where none is sent.
    pub body: Body,
    /// Further members of the body: a path and what stands there.
    pub with: Vec<(String, Member)>,
    /// The values of members that say that the object is gone although it can be read.
    pub gone_when: Vec<(String, String)>,
    /// A refusal (403) means that there is no such object.
    pub denied_is_gone: bool,
    /// What a refusal says while the object cannot be looked at: it stays as it stands.
    pub asleep: Option<String>,
    /// The answer is a list in which the object is found.
    pub pick: Option<Pick>,
}

/// Permissions that are needed beside those of a type's own calls.
#[derive(Clone, Debug)]
pub struct Need {
    /// What they are needed for: `create`, `read`, `update`, `delete`.
    pub when: Vec<String>,
    /// Their names.
    pub permissions: Vec<String>,
    /// The attribute that makes them needed, where it is given.
    pub with: Option<String>,
    /// The attribute that they are about, given or not.
    pub at: Option<String>,
}

/// How an object is found in a list.
#[derive(Clone, Debug)]
pub struct Pick {
    /// The member that holds the list.
    pub items: String,
    /// Members of an element, each with the attribute that it is; one without a value is not looked at.
    pub by: Vec<(String, String)>,
}

/// A fixed member of a body.
#[derive(Clone, Debug)]
pub enum Member {
    /// Text with placeholders.
    Text(Template),
    /// A fixed value.
    Fixed(serde_json::Value),
}

/// Where the object stands in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// No object is sent.
    None,
    /// The body is the object.
    Whole,
    /// It is a member of it.
    In(String),
}

/// A LIST of a whole collection.
#[derive(Clone, Debug)]
pub struct List {
    /// The request.
    pub call: Call,
    /// The member that holds the objects.
    pub items: String,
    /// The member by which an object is found: its last segment is compared with that of the id.
    pub by: String,
}

/// How the objects are found that a project has.
#[derive(Clone, Debug, Default)]
pub struct Discover {
    /// The LIST, where it is another than the type's own.
    pub list: Option<(Call, String)>,
    /// What lists the locations, where each is asked for itself.
    pub places: Option<Template>,
    /// The answer is a map of scopes, each with a list.
    pub aggregated: bool,
    /// What the objects are listed below, where nothing says that they are inside of it: the other's type, and its id.
    pub of: BTreeMap<String, Template>,
    /// The parts that are not written: other resources say them.
    pub without: Vec<String>,
    /// What of them is a service's own and nobody's to manage.
    pub own: Vec<Own>,
    /// Types whose objects hold what is found too, with the attributes by which they do: it is theirs then.
    pub held_by: BTreeMap<String, Vec<String>>,
    /// Why they are never looked for.
    pub never: Option<String>,
}

/// A rule by which an object is a service's own.
#[derive(Clone, Debug)]
pub struct Own {
    /// The member that is looked at.
    pub member: String,
    /// What it looks like then.
    pub like: Option<regex::Regex>,
    /// Members that are then equal to attributes of what the object is below.
    pub same: Vec<(String, String)>,
    /// The member, a list of links, of which one ends with it then.
    pub names: Option<String>,
    /// The attribute of what the object is below that is true then.
    pub below: Option<String>,
    /// Why, in words.
    pub why: String,
}

/// How an object is changed.
#[derive(Clone, Debug)]
pub struct Update {
    /// The way.
    pub how: How,
    /// The request, where there is one.
    pub call: Option<Call>,
    /// A member (`etag`) that is read before and sent along.
    pub precondition: Option<String>,
}

/// The ways of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It cannot be changed: each attribute replaces it, or is the client's own.
    Never,
    /// Only attributes that the service does not know change.
    Client,
    /// A merge patch: what changed, and null for what goes away.
    Merge,
    /// A patch with `updateMask` in the query.
    QueryMask,
    /// A patch with `updateMask` in the body.
    BodyMask,
    /// A put of what changed, with the precondition.
    Subset,
    /// A put of the whole object, with the precondition.
    Whole,
    /// A call for each concern.
    Fields,
}

/// The operations that calls answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// The answer is the object.
    None,
    /// `google.longrunning`: `done`, a full name.
    Standard,
    /// GKE's: `status`, a bare name.
    Gke,
    /// Compute Engine's: `status`, and a link to itself.
    Compute,
    /// Cloud SQL's: `status`, and a bare name below the project.
    Sql,
}

/// When an object is at rest.
#[derive(Clone, Debug)]
pub struct Rests {
    /// The member that says it.
    pub field: String,
    /// Its values at rest.
    pub ready: Vec<String>,
    /// Its values when something is wrong with the object.
    pub failed: Vec<String>,
}

/// An attribute or a block.
#[derive(Clone, Debug)]
pub struct Part {
    /// The name.
    pub name: String,
    /// What it holds.
    pub shape: Shape,
    /// Who gives the value.
    pub given: Given,
    /// A change of it replaces the object; of a block: of the number of blocks.
    pub replaces: bool,
    /// What stands for it where nothing is given.
    pub default: Option<Value>,
    /// It must not be shown.
    pub sensitive: bool,
    /// It is sent and never kept.
    pub write_only: bool,
    /// It is read each time and never kept.
    pub never_kept: bool,
    /// It is a note of our own, which a plan does not show.
    pub quiet: bool,
    /// What to use in its place.
    pub deprecated: Option<String>,
    /// Only the provider with what is tried out has it, or only the one without; both where nothing is said.
    pub beta: Option<bool>,
    /// Where it is read from; nothing where the service does not tell it.
    pub read: Option<Place>,
    /// Where it is written to; nothing where it is not sent.
    pub write: Option<Place>,
    /// How its JSON form differs from its value.
    pub wire: Wire,
    /// How the two are made of one another.
    pub codec: Option<Codec>,
    /// The state's value is kept when the service does not tell it.
    pub keep: bool,
    /// What of the object's own changes moves it; nothing where it stays as it is whatever changes.
    pub volatile: Option<Moves>,
    /// The attributes that must be the same for a new object to have the value of the one that it replaces.
    pub kept: Vec<String>,
    /// The provider block's setting that stands for it.
    pub fill: Option<String>,
    /// What its value is known to be before the object is.
    pub known: Option<Template>,
    /// What a bare name is completed to.
    pub expand: Option<String>,
    /// The rule by which different values mean the same.
    pub suppress: Option<String>,
    /// The form that a value is brought to.
    pub normalize: Option<String>,
    /// A zero is sent only where this other attribute beside it is true.
    pub zero_if: Option<String>,
    /// The call that changes it alone.
    pub change: Option<Change>,
    /// What the value must be.
    pub checks: Checks,
}

/// What moves an attribute that the service gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moves {
    /// Any change beside it.
    Always,
    /// A change of one of these: beside it, `../` a block higher, with a `/` before it at the object's root. With none of them it
    /// is moved by other objects alone (the users of an address).
    With(Vec<String>),
}

/// What a part holds.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A value of a type; `integer` is a number without fraction.
    Attribute {
        /// The type.
        ty: Type,
        /// Whether numbers are whole.
        integer: bool,
    },
    /// Nested blocks.
    Block {
        /// Whether they are a set, not a list.
        set: bool,
        /// How many at least.
        min: usize,
        /// How many at most.
        max: Option<usize>,
        /// In JSON there is one object: at most one block, or the service knows one only.
        single: bool,
        /// In JSON they are a map by this attribute.
        keyed: Option<String>,
        /// The block's presence is this JSON member's truth.
        present: Option<String>,
        /// That there is a block means something, even where nothing in it does.
        counts: bool,
        /// The parts inside.
        parts: Vec<Part>,
    },
}

/// A place in JSON: member names from the object that the enclosing block stands for, or from the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// From the object's root, not from the block.
    pub root: bool,
    /// The member names.
    pub path: Vec<String>,
}

/// How a value travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// As it is.
    Plain,
    /// A number as text.
    Text,
    /// The texts `TRUE` and `FALSE` as a bool.
    Bool,
    /// A text as a number.
    Number,
}

/// The call that changes a part alone.
#[derive(Clone, Debug)]
pub struct Change {
    /// The call's name: `update`, or one of the file's `rpc` blocks.
    pub rpc: String,
    /// The member of its body.
    pub field: Option<String>,
    /// The member inside that.
    pub wrap: Option<String>,
    /// What goes in one call with it.
    pub group: Option<String>,
    /// What is sent where nothing is wanted.
    pub absent: Option<serde_json::Value>,
    /// False and zero are sent too.
    pub force_send: bool,
}

/// What a value must be.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    /// One of these.
    pub one_of: Vec<String>,
    /// At least.
    pub min: Option<f64>,
    /// At most.
    pub max: Option<f64>,
    /// So many characters.
    pub length: Option<(usize, usize)>,
    /// A text that matches this.
    pub regex: Option<regex::Regex>,
    /// None of these may be given too.
    pub conflicts_with: Vec<String>,
    /// These must be given too.
    pub required_with: Vec<String>,
    /// So many elements at least.
    pub min_items: Option<usize>,
    /// So many elements at most.
    pub max_items: Option<usize>,
}

impl Part {
    /// Gives the parts inside, where it is a block.
    pub fn inside(&self) -> Option<&[Part]> {
        match &self.shape {
            Shape::Attribute { .. } => None,
            Shape::Block { parts, .. } => Some(parts),
        }
    }

    /// Says whether it, or a part inside of it, may move though nobody writes it.
    pub fn moves_somewhere(&self) -> bool {
        let inside = || self.inside().is_some_and(|parts| parts.iter().any(Part::moves_somewhere));
        self.volatile.is_some() || inside()
    }

    /// Says whether it is only a mark of when or by whom something was done last: it moves with any change, or with others'.
    pub fn is_mark(&self) -> bool {
        match &self.volatile {
            None => false,
            Some(Moves::Always) => true,
            Some(Moves::With(names)) => names.is_empty(),
        }
    }

    /// Says whether the service may give its value.
    pub fn is_computed(&self) -> bool {
        matches!(self.given, Given::OptionalOrService | Given::Service)
    }

    /// Says whether two values of it are both without content: there is nothing to change.
    pub fn both_empty(&self, old: &Value, new: &Value) -> bool {
        let many = |value: &Value| value.elements().map(<[Value]>::len);
        let counts = matches!(self.shape, Shape::Block { counts: true, .. });
        !(counts && many(old) != many(new)) && is_zero(old) && is_zero(new)
    }

    /// Says whether two values of it mean the same: equal, both without content, or by its rule.
    pub fn same(&self, prior: &Value, wanted: &Value, around: Around<'_>) -> bool {
        let empty = is_zero(prior) && is_zero(wanted);
        if empty && !self.both_empty(prior, wanted) {
            return false;
        }
        same(self.suppress.as_deref(), prior, wanted, around)
    }

    /// Gives the type of the whole part.
    pub fn ty(&self) -> Type {
        match &self.shape {
            Shape::Attribute { ty, .. } => ty.clone(),
            Shape::Block { set, parts, .. } => {
                let object = parts_type(parts);
                if *set { Type::set(object) } else { Type::list(object) }
            }
        }
    }

    /// Gives what stands for it where nothing is given.
    pub fn absent(&self) -> Value {
        match &self.shape {
            Shape::Attribute { ty, .. } => Value::null(ty.clone()),
            Shape::Block { set: true, parts, .. } => Value::set(parts_type(parts), Vec::new()),
            Shape::Block { set: false, parts, .. } => Value::list(parts_type(parts), Vec::new()),
        }
    }
}

/// Gives the object type of some parts.
pub fn parts_type(parts: &[Part]) -> Type {
    Type::object(parts.iter().map(|part| (part.name.as_str(), part.ty())))
}

impl Part {
    /// Makes it one whose value the service gives, at every depth.
    fn told(&mut self) {
        self.given = Given::Service;
        (self.replaces, self.default, self.change) = (false, None, None);
        (self.fill, self.checks) = (None, Checks::default());
        if let Shape::Block { min, parts, .. } = &mut self.shape {
            *min = 0;
            parts.iter_mut().for_each(Part::told);
        }
    }
}

impl Spec {
    /// Gives the data source that is like a resource: what it says itself goes before.
    pub fn like(self, resource: &Spec) -> Spec {
        let mut parts = resource.parts.clone();
        parts.retain(|part| !part.write_only && self.part(&part.name).is_none());
        parts.iter_mut().for_each(Part::told);
        parts.extend(self.parts);
        parts.sort_by(|a, b| a.name.cmp(&b.name));
        Spec {
            service: resource.service.clone(),
            object: resource.object.clone(),
            id: resource.id.clone(),
            read: resource.read.clone(),
            hook: resource.hook.clone(),
            parts,
            ..self
        }
    }

    /// Gives a part of the top level.
    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }
}
