//! What a resource type's arguments and attributes are.
//!
//! A nested block is a field whose nesting is a block: one concept, not three.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::value::{Kind, Type, Value};

/// The fields of a resource type, data source or provider block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// The version that state entries of this type are written with.
    pub version: u64,
    /// The fields by name.
    pub fields: BTreeMap<String, Field>,
    /// Where the whole type is going away: what to use in its place.
    pub deprecated: Option<String>,
    /// Marks what is secret by what the object is, beside its fields.
    pub seal: Option<Seal>,
    /// What one block is many instances by, without `count` and `for_each`.
    pub spread: Option<Spread>,
    /// What changes of it are dangerous, and why.
    pub risks: Vec<RiskRule>,
    /// Some of its fields, at any depth, are such that others who know the type do not know them.
    pub beyond: bool,
}

/// A kind of danger. The order is that of their weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RiskKind {
    /// Data is lost that nothing brings back.
    DataLoss,
    /// Others can read or do what they should not: the public, or an account with too much power.
    Exposure,
    /// It cannot be undone, though no data is lost.
    Irreversible,
    /// Something does not answer for a while.
    Downtime,
    /// It costs money for as long as it stands.
    Cost,
}

/// What is done to an object, as rules name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is removed and made anew.
    Replace,
    /// It is removed.
    Delete,
}

/// When a change is dangerous.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskRule {
    /// In what way.
    pub kind: RiskKind,
    /// What is done.
    pub on: Vec<On>,
    /// What must be so of the object: of what is removed as it is, otherwise as it will be.
    pub when: Vec<RiskTest>,
    /// What makes it harmless.
    pub unless: Vec<RiskTest>,
    /// What happens, as people are told: a sentence without a full stop.
    pub why: String,
}

/// A condition on a part of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskTest {
    /// The part: names of fields, `*` for each element.
    pub path: Vec<String>,
    /// What is asked of it.
    pub test: RiskQuestion,
}

/// What is asked of a part.
#[derive(Clone, Debug, PartialEq)]
pub enum RiskQuestion {
    /// It is one of these.
    Is(Vec<Value>),
    /// It is none of these; what is not there counts as none.
    Not(Vec<Value>),
    /// It has one of these texts in it.
    Has(Vec<String>),
    /// It is there: neither null nor empty.
    There,
    /// It changes.
    Changes,
    /// It becomes smaller, or goes away.
    Falls,
    /// It becomes larger.
    Rises,
}

/// Marks the secret parts of an object: whether a field is one may depend on another (a manifest's `kind`).
#[derive(Clone, Copy)]
pub struct Seal(pub fn(&Value) -> Value);

impl PartialEq for Seal {
    fn eq(&self, other: &Seal) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Seal")
    }
}

/// Makes the instances of one block from what it says and from the files that it names: keys as those of `for_each`.
///
/// Pure, given the files' content.
#[derive(Clone, Copy)]
pub struct Spread {
    /// The argument that each instance has for itself.
    pub argument: &'static str,
    /// The arguments that say what there is: they are the block's, and no instance has them.
    pub of: &'static [&'static str],
    /// Gives what each instance is.
    pub keyed: fn(&Value, &dyn Files) -> Result<Vec<Turn>, Strange>,
}

/// One instance of a block that is spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// Its key.
    pub key: String,
    /// Its argument.
    pub value: Value,
    /// The file that it was written in.
    pub file: String,
    /// The line that its text begins in.
    pub line: usize,
    /// Its text.
    pub text: String,
}

/// One document of a YAML text.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it says.
    pub value: Value,
    /// The line that it begins in; the first is 1.
    pub line: usize,
    /// Its text.
    pub text: String,
}

impl PartialEq for Spread {
    fn eq(&self, other: &Spread) -> bool {
        self.argument == other.argument && self.of == other.of
    }
}

impl std::fmt::Debug for Spread {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Spread({})", self.argument)
    }
}

/// The files of a configuration, as its functions see them.
pub trait Files {
    /// Gives a file's text.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn text(&self, path: &str) -> Result<String, String>;

    /// Gives the files below a folder that a pattern matches, in order.
    ///
    /// # Errors
    /// What is wrong with the folder or the pattern.
    fn matching(&self, folder: &str, pattern: &str) -> Result<Vec<String>, String>;

    /// Reads the documents of a YAML text; a list of objects is each of its objects.
    ///
    /// # Errors
    /// What is wrong with the text.
    fn documents(&self, text: &str) -> Result<Vec<Document>, String>;
}

/// What is wrong with what a block is spread by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strange {
    /// The argument at fault.
    pub argument: &'static str,
    /// The kind of problem.
    pub summary: String,
    /// What is wrong, with the file and line where there is one.
    pub detail: String,
    /// What to do.
    pub help: Vec<String>,
}

/// One argument, attribute or nested block.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The type; of a block the type of the whole (`list(object(…))`, or `object(…)` for a single one).
    pub ty: Type,
    /// Who gives the value.
    pub given: Given,
    /// Whether it is written as an attribute or as blocks.
    pub nesting: Nesting,
    /// A change of it replaces the object.
    pub replaces: bool,
    /// Its value must not be shown.
    pub sensitive: bool,
    /// Its value is sent and never kept.
    pub write_only: bool,
    /// Its value is read each time and never kept in state or plan (an access token).
    pub never_kept: bool,
    /// It is a note of the provider's own, which a plan does not show.
    pub quiet: bool,
    /// Others who know the type do not know it: it is written down only where it is given.
    pub beyond: bool,
    /// What stands for it where the configuration gives nothing.
    pub default: Option<Value>,
    /// Where it is going away: what to use in its place.
    pub deprecated: Option<String>,
    /// What it is, in a sentence; may be empty.
    pub description: String,
}

/// Who gives a field's value. In Terraform's words: required, optional, optional and computed, computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// The configuration must.
    Required,
    /// The configuration may.
    Optional,
    /// The configuration may, else the service does.
    OptionalOrService,
    /// The service.
    Service,
}

/// How a field is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Nesting {
    /// `name = value`.
    Attribute,
    /// `name { … }`.
    Block(Block),
}

/// A nested block's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// How several of them make one value.
    pub kind: BlockKind,
    /// How many there must be at the least.
    pub min: usize,
    /// How many there may be at the most.
    pub max: Option<usize>,
    /// The fields inside.
    pub fields: BTreeMap<String, Field>,
    /// It may be written as an argument too: `name = { … }`, or `name = [{ … }, …]`.
    pub as_argument: bool,
}

/// How blocks of one name make one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// At most one; its value is an object or null (like `timeouts`).
    Single,
    /// A list of objects in order; empty where there is none.
    List,
    /// A set of objects.
    Set,
    /// A map of objects by the block's label.
    Map,
}

impl Schema {
    /// Marks what is called sensitive, and what is secret by what the object is.
    #[must_use]
    pub fn sealed(&self, value: &Value) -> Value {
        let sealed = seal_fields(value, &self.fields);
        self.seal.map_or_else(|| sealed.clone(), |seal| (seal.0)(&sealed))
    }

    /// Gives the object type of a whole instance.
    pub fn ty(&self) -> Type {
        fields_type(&self.fields)
    }

    /// Gives an object's JSON without what others do not know, as far as it is not given.
    pub fn told(&self, mut json: Json) -> Json {
        if self.beyond {
            leave_out(&mut json, &self.fields);
        }
        json
    }

    /// Gives an object's JSON with the blocks that were left out because others do not know them: there are none of them.
    pub fn untold(&self, json: &mut Json) {
        if self.beyond {
            fill_in(json, &self.fields);
        }
    }

    /// Gives a null for each field, empty collections for blocks: an instance of which nothing is given.
    pub fn empty(&self) -> Value {
        Value::object(self.fields.iter().map(|(name, field)| (name.as_str(), field.absent())))
    }
}

/// Gives the object type of some fields.
pub fn fields_type(fields: &BTreeMap<String, Field>) -> Type {
    Type::object(fields.iter().map(|(name, field)| (name.as_str(), field.ty.clone())))
}

impl Field {
    /// Says whether it, or a field of its block, must not be shown.
    pub fn has_secret(&self) -> bool {
        self.sensitive
            || self.inside().is_some_and(|block| block.fields.values().any(Field::has_secret))
    }

    /// Makes an attribute.
    pub fn attribute(ty: Type, given: Given) -> Field {
        Field {
            ty,
            given,
            nesting: Nesting::Attribute,
            replaces: false,
            sensitive: false,
            write_only: false,
            never_kept: false,
            quiet: false,
            beyond: false,
            default: None,
            deprecated: None,
            description: String::new(),
        }
    }

    /// Makes a nested block, with the type that its kind and fields give.
    pub fn block(
        kind: BlockKind,
        min: usize,
        max: Option<usize>,
        fields: BTreeMap<String, Field>,
    ) -> Field {
        let object = fields_type(&fields);
        let ty = match kind {
            BlockKind::Single => object,
            BlockKind::List => Type::list(object),
            BlockKind::Set => Type::set(object),
            BlockKind::Map => Type::map(object),
        };
        let given = if min > 0 { Given::Required } else { Given::Optional };
        let nesting = Nesting::Block(Block { kind, min, max, fields, as_argument: false });
        Field { nesting, ..Field::attribute(ty, given) }
    }

    /// Sets that a change replaces the object.
    #[must_use]
    pub fn replaces(mut self) -> Field {
        self.replaces = true;
        self
    }

    /// Sets that the value must not be shown.
    #[must_use]
    pub fn sensitive(mut self) -> Field {
        self.sensitive = true;
        self
    }

    /// Sets what stands for it where the configuration gives nothing.
    #[must_use]
    pub fn default(mut self, value: Value) -> Field {
        self.default = Some(value);
        self
    }

    /// Sets that a block may be written as an argument too.
    #[must_use]
    pub fn as_argument(mut self) -> Field {
        if let Nesting::Block(block) = &mut self.nesting {
            block.as_argument = true;
        }
        self
    }

    /// Gives the fields inside, where it is a block.
    pub fn inside(&self) -> Option<&Block> {
        match &self.nesting {
            Nesting::Attribute => None,
            Nesting::Block(block) => Some(block),
        }
    }

    /// Says whether the configuration may give it.
    pub fn is_configurable(&self) -> bool {
        self.given != Given::Service
    }

    /// Says whether the service may give it.
    pub fn is_computed(&self) -> bool {
        matches!(self.given, Given::OptionalOrService | Given::Service)
    }

    /// Gives the type of one of its blocks; of what is written once the type of the whole.
    pub fn element(&self) -> Type {
        match &self.ty {
            Type::List(element) | Type::Set(element) | Type::Map(element) => (**element).clone(),
            whole => whole.clone(),
        }
    }

    /// Gives what stands for it where nothing is given: null, or no blocks.
    pub fn absent(&self) -> Value {
        let Nesting::Block(block) = &self.nesting else { return Value::null(self.ty.clone()) };
        let element = self.element();
        match block.kind {
            BlockKind::Single => Value::null(self.ty.clone()),
            BlockKind::List => Value::list(element, Vec::new()),
            BlockKind::Set => Value::set(element, Vec::new()),
            BlockKind::Map => Value::map(element, Vec::<(&str, Value)>::new()),
        }
    }
}

/// Gives the `timeouts` block with these names.
pub fn timeouts(names: &[&str]) -> Field {
    let field = || Field::attribute(Type::String, Given::Optional);
    let fields = names.iter().map(|name| ((*name).to_string(), field())).collect();
    Field::block(BlockKind::Single, 0, Some(1), fields)
}

fn leave_out(json: &mut Json, fields: &BTreeMap<String, Field>) {
    each_object(json, &mut |object| {
        object.retain(|name, part| {
            let Some(field) = fields.get(name) else { return true };
            let nothing = part.is_null() || part.as_array().is_some_and(Vec::is_empty);
            if field.beyond && nothing {
                return false;
            }
            if let Some(block) = field.inside() {
                leave_out(part, &block.fields);
            }
            true
        });
    });
}

fn fill_in(json: &mut Json, fields: &BTreeMap<String, Field>) {
    each_object(json, &mut |object| {
        for (name, field) in fields {
            let Some(block) = field.inside() else { continue };
            match object.get_mut(name) {
                Some(part) => fill_in(part, &block.fields),
                None if field.beyond => {
                    object.insert(name.clone(), Json::Array(Vec::new()));
                }
                None => {}
            }
        }
    });
}

/// Does something to an object, or to each of several.
fn each_object(json: &mut Json, act: &mut impl FnMut(&mut serde_json::Map<String, Json>)) {
    match json {
        Json::Object(object) => act(object),
        Json::Array(parts) => {
            parts.iter_mut().filter_map(Json::as_object_mut).for_each(act);
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

fn seal_fields(value: &Value, fields: &BTreeMap<String, Field>) -> Value {
    let secret = fields.iter().filter(|(_, field)| field.has_secret());
    let mut sealed = value.clone();
    for (name, field) in secret {
        let Some(part) = value.field(name) else { continue };
        let part_sealed = match &field.nesting {
            _ if field.sensitive && !part.is_null() => part.clone().sensitive(),
            Nesting::Attribute => continue,
            Nesting::Block(block) => match part.kind() {
                Kind::Object(_) => seal_fields(part, &block.fields),
                // A map of blocks and a list of them have the blocks as their parts.
                _ => part.map_parts(&mut |inside| seal_fields(inside, &block.fields)),
            },
        };
        sealed = sealed.with_field(name, part_sealed);
    }
    sealed
}
