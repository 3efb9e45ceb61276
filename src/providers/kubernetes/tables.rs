//! The tables of resource types: each attribute with its API name, conversion and list semantics.
//!
//! They are data (`tables/types.json.gz`), so that all resource types go through the same code: a
//! kind is added by a row there, not by a function here.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, LazyLock, OnceLock};

use serde::Deserialize;
use serde_json::Value as Json;

use crate::value::{Type, Value};

use super::derived;

/// All resource types.
pub(super) struct Tables {
    /// By type name.
    pub kinds: BTreeMap<String, Kind>,
    /// Other names of the same types.
    pub aliases: BTreeMap<String, String>,
}

/// A resource type: which API kind it is, and its fields.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    /// The schema version that state entries carry.
    pub version: u64,
    /// Like `apps/v1`.
    pub api_version: String,
    /// Like `Deployment`.
    pub kind: String,
    /// Like `deployments`.
    pub plural: String,
    /// It lives in a namespace.
    pub namespaced: bool,
    /// The fields by attribute name; none for a kind that a manifest is of.
    pub nodes: Arc<Nodes>,
    /// Those of them that the provider's schema has.
    pub own: Arc<Nodes>,
    /// The default timeouts by action; the `timeouts` block has these names.
    pub timeouts: BTreeMap<String, String>,
    /// What is done with it.
    pub way: Way,
    /// What each object has beside what is written, by its place there.
    pub sets: BTreeMap<String, Json>,
    /// The API version that the type's name stands for and that is gone, and the release that it is gone since.
    pub former: Option<(String, String)>,
}

/// What is done with the objects of a resource type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Way {
    /// An object that is made, changed and removed.
    #[default]
    Whole,
    /// An object that the cluster makes by itself, and that is taken over.
    Adopted,
    /// Fields of an object that something else makes.
    Part,
    /// A request that is removed when its certificate is there.
    Certificate,
    /// A request that is no object at all: a token is its answer.
    Token,
}

/// The fields of a block by attribute name.
pub(super) type Nodes = BTreeMap<String, Node>;

/// One attribute or block.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// What it is in the language.
    pub shape: Shape,
    /// It must be given.
    pub required: bool,
    /// It may be given.
    pub optional: bool,
    /// The server may give it.
    pub computed: bool,
    /// The API has it, and the provider's schema does not.
    pub beyond: bool,
    /// It must not be shown.
    pub sensitive: bool,
    /// It is sent and never kept.
    pub write_only: bool,
    /// A change replaces the object.
    pub replaces: bool,
    /// What the configuration means by nothing.
    pub default: Option<Json>,
    /// The default is sent to the server: it differs from the server's own, or is part of a key.
    pub sends_default: bool,
    /// The allowed values, where they are a list.
    pub one_of: Vec<String>,
    /// How many blocks there must be.
    pub min: usize,
    /// How many blocks there may be.
    pub max: Option<usize>,
    /// The type of a collection's elements.
    pub element: Shape,
    /// The nested block.
    pub block: Option<Arc<Nodes>>,
    /// The API's name; none where it is not part of the object.
    pub api: Option<String>,
    /// How the value is written in the API.
    pub convert: Convert,
    /// How the API merges a list.
    pub list: Option<List>,
    /// A block that is one object in the API.
    pub object: bool,
    /// A block that the API does not have: its fields stand one level higher there.
    pub wrapper: bool,
    /// What to use in its place.
    pub deprecated: Option<String>,
    /// Attributes that exclude it.
    pub conflicts: Vec<String>,
    /// Attributes of which, with it, exactly one is given.
    pub exactly_one: Vec<String>,
    /// Attributes of which, with it, at least one is given.
    pub at_least_one: Vec<String>,
    /// The type of a block, once it was asked for: a pod's is large.
    pub ty: OnceLock<Type>,
}

/// What an attribute is in the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Bool,
    Number,
    String,
    List,
    Set,
    Map,
}

/// How a value is written in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Convert {
    /// As it is.
    Plain,
    /// Text that means a number with a unit.
    Quantity,
    /// A number where the text is one, else text.
    IntOrString,
    /// Text that is a number in the API.
    Decimal,
    /// Octal text that is a number in the API.
    Octal,
    /// Text that is base64 in the API.
    Bytes,
    /// A port by number or name, which the API has as an object of one of both.
    Port,
}

/// How the API merges a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// Elements are told apart by these fields.
    Keyed(Vec<String>),
    /// Elements are told apart by themselves.
    Set,
    /// It is replaced whole.
    Atomic,
}

#[derive(Deserialize)]
struct RawTables {
    types: BTreeMap<String, RawKind>,
    aliases: BTreeMap<String, String>,
    blocks: Vec<BTreeMap<String, RawNode>>,
}

#[derive(Deserialize)]
struct RawKind {
    version: u64,
    api: String,
    kind: String,
    plural: String,
    namespaced: bool,
    block: usize,
    #[serde(default)]
    timeouts: BTreeMap<String, String>,
    #[serde(default)]
    way: String,
    #[serde(default)]
    sets: BTreeMap<String, Json>,
    former: Option<(String, String)>,
}

#[derive(Deserialize)]
struct RawNode {
    t: String,
    f: String,
    d: Option<Json>,
    #[serde(default)]
    e: Vec<String>,
    min: Option<usize>,
    max: Option<usize>,
    el: Option<String>,
    b: Option<usize>,
    a: Option<String>,
    c: Option<String>,
    k: Option<Json>,
    #[serde(default)]
    o: u8,
    #[serde(default)]
    w: u8,
    #[serde(default)]
    r: u8,
    #[serde(default)]
    s: u8,
    dep: Option<String>,
    #[serde(default)]
    cw: Vec<String>,
    #[serde(default)]
    eo: Vec<String>,
    #[serde(default)]
    al: Vec<String>,
}

/// Unpacks a gzipped file of the program's own.
pub(super) fn unpack(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_string(&mut text)
        .expect("the bundled tables are gzipped text");
    text
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let text = unpack(include_bytes!("tables/types.json.gz"));
    let raw: RawTables = serde_json::from_str(&text).expect("the bundled tables have their form");
    let mut blocks: Vec<Arc<Nodes>> = Vec::with_capacity(raw.blocks.len());
    for block in raw.blocks {
        // A block stands after all that it holds.
        let nodes = block.into_iter().map(|(name, raw)| (name, node(raw, &blocks))).collect();
        blocks.push(Arc::new(nodes));
    }
    let kinds = raw.types.into_iter().map(|(name, raw)| (name, kind(raw, &blocks)));
    let mut kinds: BTreeMap<String, Kind> = kinds.collect();
    derived::widen(&mut kinds);
    Tables { kinds, aliases: raw.aliases }
});

/// Gives the tables.
pub(super) fn tables() -> &'static Tables {
    &TABLES
}

impl Tables {
    /// Gives a resource type by one of its names.
    pub(super) fn kind(&self, type_name: &str) -> Option<&Kind> {
        let name = self.aliases.get(type_name).map_or(type_name, String::as_str);
        self.kinds.get(name)
    }
}

impl Kind {
    /// Gives the path of its collection: of all, or in a namespace.
    pub(super) fn collection(&self, namespace: &str) -> String {
        let base = if self.api_version.contains('/') { "/apis/" } else { "/api/" };
        match self.namespaced {
            true => format!("{base}{}/namespaces/{namespace}/{}", self.api_version, self.plural),
            false => self.everywhere(),
        }
    }

    /// Gives the path of the objects of all namespaces.
    pub(super) fn everywhere(&self) -> String {
        let base = if self.api_version.contains('/') { "/apis/" } else { "/api/" };
        format!("{base}{}/{}", self.api_version, self.plural)
    }

    /// Says whether a value is an answer that was given once: nothing in the cluster stands for it.
    pub(super) fn is_answer(&self, value: &Value) -> bool {
        let metadata = || value.field("metadata")?.elements()?.first()?.field("uid");
        match self.way {
            Way::Token => true,
            Way::Certificate => metadata().is_some_and(|uid| !uid.is_null()),
            Way::Whole | Way::Adopted | Way::Part => false,
        }
    }

    /// Gives the kind as the provider's schema has it.
    pub(super) fn as_provided(&self) -> Kind {
        Kind { nodes: self.own.clone(), ..self.clone() }
    }

    /// Gives the path of an object.
    pub(super) fn path(&self, namespace: &str, name: &str) -> String {
        format!("{}/{name}", self.collection(namespace))
    }
}

fn kind(raw: RawKind, blocks: &[Arc<Nodes>]) -> Kind {
    Kind {
        version: raw.version,
        api_version: raw.api,
        kind: raw.kind,
        plural: raw.plural,
        namespaced: raw.namespaced,
        nodes: blocks.get(raw.block).cloned().expect("a kind's block is in the table"),
        own: blocks.get(raw.block).cloned().expect("a kind's block is in the table"),
        timeouts: raw.timeouts,
        way: match raw.way.as_str() {
            "adopted" => Way::Adopted,
            "part" => Way::Part,
            "certificate" => Way::Certificate,
            "token" => Way::Token,
            _ => Way::Whole,
        },
        sets: raw.sets,
        former: raw.former,
    }
}

fn node(raw: RawNode, blocks: &[Arc<Nodes>]) -> Node {
    let has = |flag: char| raw.f.contains(flag);
    let required = has('R');
    Node {
        shape: shape(&raw.t),
        required,
        optional: has('O'),
        computed: has('C'),
        beyond: false,
        sensitive: has('S'),
        write_only: has('W'),
        replaces: raw.r == 1,
        default: raw.d,
        sends_default: raw.s == 1,
        one_of: raw.e,
        min: raw.min.unwrap_or(usize::from(required)),
        max: raw.max,
        element: raw.el.as_deref().map_or(Shape::String, shape),
        block: raw
            .b
            .map(|at| blocks.get(at).cloned().expect("a nested block stands before its holder")),
        api: raw.a,
        convert: raw.c.as_deref().map_or(Convert::Plain, convert),
        list: raw.k.map(|list| list_kind(&list)),
        object: raw.o == 1,
        wrapper: raw.w == 1,
        deprecated: raw.dep,
        conflicts: raw.cw,
        exactly_one: raw.eo,
        at_least_one: raw.al,
        ty: OnceLock::new(),
    }
}

fn shape(name: &str) -> Shape {
    match name {
        "bool" => Shape::Bool,
        "int" | "float" => Shape::Number,
        "list" => Shape::List,
        "set" => Shape::Set,
        "map" => Shape::Map,
        _ => Shape::String,
    }
}

fn convert(name: &str) -> Convert {
    match name {
        "quantity" => Convert::Quantity,
        "int_or_string" => Convert::IntOrString,
        "decimal" => Convert::Decimal,
        "octal" => Convert::Octal,
        "bytes" => Convert::Bytes,
        "port" => Convert::Port,
        _ => Convert::Plain,
    }
}

/// Reads how a list is merged: the names of its keys, `set` or `atomic`.
pub(super) fn list_kind(json: &Json) -> List {
    match json {
        Json::Array(keys) => {
            List::Keyed(keys.iter().filter_map(Json::as_str).map(str::to_string).collect())
        }
        other if other == "set" => List::Set,
        _ => List::Atomic,
    }
}
