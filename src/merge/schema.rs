//! How each type of Kubernetes' API merges: field by field, item by item, or whole.
//!
//! The table comes with the program (`data/types.json.gz`, from the published types of the API).
//! What is not in it (custom resources) merges as the API server does without a schema: objects
//! field by field, lists whole; only `metadata` is known.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::OnceLock;

use serde_json::Value as Json;

static BUNDLED: &[u8] = include_bytes!("data/types.json.gz");
static UNTYPED: Shape = Shape::Untyped;

/// A type as the table writes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A string, number or truth value.
    Scalar(Scalar),
    /// Anything: objects go field by field, lists whole.
    Untyped,
    /// Named fields; with the defaults of those that are keys of lists.
    Struct {
        /// Type of each field.
        fields: BTreeMap<String, Shape>,
        /// Values of fields that are left out.
        defaults: BTreeMap<String, Json>,
        /// Whether it is replaced whole.
        atomic: bool,
        /// Whether it may have other fields too.
        open: bool,
    },
    /// Free keys.
    Map {
        /// The values' type.
        of: Box<Shape>,
        /// Whether it is replaced whole.
        atomic: bool,
    },
    /// A list.
    List {
        /// The items' type.
        of: Box<Shape>,
        /// How two lists become one.
        how: Merge,
    },
    /// Another type of the table.
    Named {
        /// Its name.
        name: String,
        /// Whether it is replaced whole here.
        atomic: bool,
    },
}

/// What a scalar may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A text.
    Text,
    /// A number, whole or not.
    Number,
    /// True or false.
    Truth,
    /// Any of them.
    Any,
}

/// How two lists become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The new one replaces the old one.
    Whole,
    /// By value.
    Set,
    /// By these keys of the items.
    Keys(Vec<String>),
}

/// A table of types.
#[derive(Debug, Default)]
pub struct Types {
    types: BTreeMap<String, Shape>,
    /// Names that are not here are those of the bundled table.
    based: bool,
}

/// A type, with the table that its names stand in.
#[derive(Clone, Copy, Debug)]
pub struct Schema<'a> {
    types: &'a Types,
    shape: &'a Shape,
}

/// What a type means for a merge, names resolved.
#[derive(Clone, Copy, Debug)]
pub enum Form<'a> {
    /// Replaced whole.
    Leaf,
    /// Field by field, the fields being known.
    Struct(&'a BTreeMap<String, Shape>),
    /// Key by key.
    Map(Schema<'a>),
    /// Item by item, by keys.
    Keyed(&'a [String], Schema<'a>),
    /// Item by item, by value.
    Set,
}

impl Types {
    /// Gives the table that comes with the program.
    pub fn bundled() -> &'static Types {
        static TYPES: OnceLock<Types> = OnceLock::new();
        TYPES.get_or_init(|| {
            let mut text = String::new();
            flate2::read::GzDecoder::new(BUNDLED)
                .read_to_string(&mut text)
                .expect("the bundled table is whole");
            let table: Json = serde_json::from_str(&text).expect("the bundled table is JSON");
            Types::parse(&table)
        })
    }

    /// Reads a table: `{"types": {NAME: {"fields": …}}}`.
    pub fn parse(table: &Json) -> Types {
        let mut types = BTreeMap::new();
        if let Some(rows) = table["types"].as_object() {
            for (name, row) in rows {
                types.insert(name.clone(), shape(row));
            }
        }
        Types { types, based: false }
    }

    /// Gives a table that has the bundled one below it.
    pub fn over_bundled() -> Types {
        Types { types: BTreeMap::new(), based: true }
    }

    fn get(&self, name: &str) -> Option<&Shape> {
        let below = || Types::bundled().types.get(name).filter(|_| self.based);
        self.types.get(name).or_else(below)
    }

    /// Adds a type under the name `GROUP.VERSION.KIND` (the group's first word; `core` for none).
    pub fn add(&mut self, name: impl Into<String>, shape: Shape) {
        self.types.insert(name.into(), shape);
    }

    /// Gives the schema of a kind, where the table has it.
    pub fn known(&self, api_version: &str, kind: &str) -> Option<Schema<'_>> {
        let name = type_name(api_version, kind);
        self.types.get(&name).map(|shape| Schema { types: self, shape })
    }

    /// Gives a schema of the table by its name, like `core.v1.PodSpec`.
    pub fn named(&self, name: &str) -> Option<Schema<'_>> {
        self.types.get(name).map(|shape| Schema { types: self, shape })
    }
}

impl Schema<'static> {
    /// Gives the schema of a kind of the bundled table, or that of a custom resource.
    pub fn of(api_version: &str, kind: &str) -> Schema<'static> {
        Types::bundled().known(api_version, kind).unwrap_or_else(Schema::custom)
    }

    /// Gives the schema of an object of which only `metadata` is known.
    pub fn custom() -> Schema<'static> {
        static SHAPE: OnceLock<Shape> = OnceLock::new();
        let shape = SHAPE.get_or_init(|| {
            let metadata = Shape::Named { name: "meta.v1.ObjectMeta".into(), atomic: false };
            let fields = BTreeMap::from([("metadata".to_owned(), metadata)]);
            Shape::Struct { fields, defaults: BTreeMap::new(), atomic: false, open: true }
        });
        Schema { types: Types::bundled(), shape }
    }
}

impl<'a> Schema<'a> {
    /// Gives what the type means for these values; they decide only where the schema says nothing.
    pub fn form<'v>(self, values: impl IntoIterator<Item = &'v Json>) -> Form<'a> {
        match self.resolved() {
            (_, true) | (Shape::Scalar(_), _) => Form::Leaf,
            (Shape::Struct { fields, .. }, _) => Form::Struct(fields),
            (Shape::Map { of, .. }, _) => Form::Map(self.at(of)),
            (Shape::List { of, how }, _) => match how {
                Merge::Whole => Form::Leaf,
                Merge::Set => Form::Set,
                Merge::Keys(keys) => Form::Keyed(keys, self.at(of)),
            },
            (Shape::Untyped | Shape::Named { .. }, _) => {
                let mut values = values.into_iter().peekable();
                if values.peek().is_some() && values.all(|value| value.is_object()) {
                    Form::Map(self.at(&UNTYPED))
                } else {
                    Form::Leaf
                }
            }
        }
    }

    /// Gives the type of a field or map value.
    pub fn field(self, name: &str) -> Schema<'a> {
        match self.resolved().0 {
            Shape::Struct { fields, .. } => self.at(fields.get(name).unwrap_or(&UNTYPED)),
            Shape::Map { of, .. } => self.at(of),
            _ => self.at(&UNTYPED),
        }
    }

    /// Gives the type of a list's items.
    pub fn item(self) -> Schema<'a> {
        match self.resolved().0 {
            Shape::List { of, .. } => self.at(of),
            _ => self.at(&UNTYPED),
        }
    }

    /// Says whether the type has this field by name (a key of a map is none).
    pub fn has_field(self, name: &str) -> bool {
        matches!(self.resolved().0, Shape::Struct { fields, .. } if fields.contains_key(name))
    }

    /// Gives the value of a field that is left out.
    pub fn default_of(self, name: &str) -> Option<&'a Json> {
        match self.resolved().0 {
            Shape::Struct { defaults, .. } => defaults.get(name),
            _ => None,
        }
    }

    /// Gives the shape with names resolved, and whether it is replaced whole.
    pub fn resolved(self) -> (&'a Shape, bool) {
        let mut shape = self.shape;
        let mut whole = false;
        // A table whose names go in a circle is not followed for ever.
        for _ in 0..16 {
            match shape {
                Shape::Named { name, atomic } => {
                    whole |= *atomic;
                    shape = self.types.get(name).unwrap_or(&UNTYPED);
                }
                Shape::Struct { atomic, .. } | Shape::Map { atomic, .. } => {
                    return (shape, whole || *atomic);
                }
                _ => return (shape, whole),
            }
        }
        (&UNTYPED, whole)
    }

    fn at(self, shape: &'a Shape) -> Schema<'a> {
        Schema { types: self.types, shape }
    }
}

/// Gives the table's name of a kind: `apps/v1` and `Deployment` are `apps.v1.Deployment`.
pub fn type_name(api_version: &str, kind: &str) -> String {
    let (group, version) = api_version.split_once('/').unwrap_or(("core", api_version));
    let group = group.split('.').next().unwrap_or(group);
    format!("{group}.{version}.{kind}")
}

fn shape(row: &Json) -> Shape {
    if let Some(word) = row.as_str() {
        return match word.strip_prefix('@') {
            Some(name) => {
                let atomic = name.ends_with('!');
                Shape::Named { name: name.trim_end_matches('!').to_owned(), atomic }
            }
            None if word == "untyped" => Shape::Untyped,
            None => Shape::Scalar(match word {
                "string" => Scalar::Text,
                "numeric" => Scalar::Number,
                "boolean" => Scalar::Truth,
                _ => Scalar::Any,
            }),
        };
    }
    let atomic = row["atomic"].as_bool().unwrap_or(false);
    if let Some(fields) = row["fields"].as_object() {
        let fields = fields.iter().map(|(name, row)| (name.clone(), shape(row))).collect();
        let defaults = row["defaults"]
            .as_object()
            .map(|rows| rows.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
            .unwrap_or_default();
        return Shape::Struct { fields, defaults, atomic, open: false };
    }
    if !row["map"].is_null() {
        return Shape::Map { of: Box::new(shape(&row["map"])), atomic };
    }
    if !row["list"].is_null() {
        let how = match row["keys"].as_array() {
            Some(keys) => {
                Merge::Keys(keys.iter().filter_map(Json::as_str).map(str::to_owned).collect())
            }
            None if row["set"].as_bool() == Some(true) => Merge::Set,
            None => Merge::Whole,
        };
        return Shape::List { of: Box::new(shape(&row["list"])), how };
    }
    match row["scalar"].as_str() {
        Some("untyped") => Shape::Untyped,
        _ => Shape::Scalar(Scalar::Any),
    }
}
