//! The API's own definitions of several versions of Kubernetes as one, bundled: what a cluster that does not
//! exist yet would say of a field.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::tables::{List, list_kind, unpack};

/// The definitions of several minor versions.
pub(super) struct Definitions {
    /// The versions that they were taken from, in order, like 33 for 1.33.
    minors: Vec<u32>,
    /// The types' own names.
    names: Vec<String>,
    roots: BTreeMap<String, Root>,
    types: Vec<Part>,
}

/// A type, or a property's type.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Part {
    /// The properties by API name.
    #[serde(default, rename = "p")]
    pub properties: BTreeMap<String, Part>,
    /// The properties that must be there.
    #[serde(default, rename = "r")]
    pub required: Vec<String>,
    /// The allowed values.
    #[serde(default, rename = "e")]
    pub one_of: Vec<String>,
    /// `string`, `integer`, `number`, `boolean`, `array` or `object`; empty for anything.
    #[serde(default, rename = "t")]
    pub ty: String,
    /// Like `date-time`.
    #[serde(default, rename = "fmt")]
    pub format: String,
    /// The elements of a list.
    #[serde(default, rename = "i")]
    pub items: Option<Box<Part>>,
    /// How a list is merged.
    #[serde(default, rename = "k", deserialize_with = "list")]
    pub list: Option<List>,
    /// The values of a map.
    #[serde(default, rename = "m")]
    pub values: Option<Box<Part>>,
    /// Another definition by its number in the bundle.
    #[serde(default, rename = "$")]
    pub other: Option<usize>,
    /// Which versions do not have it.
    #[serde(flatten)]
    pub absent: Absent,
    /// What a text means.
    #[serde(skip)]
    pub form: Form,
    /// How large it may be, where the plan itself says so.
    #[serde(skip)]
    pub limits: Option<Box<Limits>>,
    /// It may have properties that are not listed.
    #[serde(skip)]
    pub open: bool,
}

/// How large a value may be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Limits {
    /// The least number, and whether it is one too little.
    pub least: Option<(f64, bool)>,
    /// The greatest number, and whether it is one too much.
    pub most: Option<(f64, bool)>,
    /// How many characters, elements or fields there must be.
    pub shortest: Option<usize>,
    /// How many characters, elements or fields there may be.
    pub longest: Option<usize>,
    /// What a text must match.
    pub pattern: Option<String>,
}

/// A kind's definition.
#[derive(Deserialize)]
struct Root {
    #[serde(rename = "n")]
    number: usize,
    #[serde(flatten)]
    absent: Absent,
}

/// Which versions of Kubernetes do not have something. Between two bundled versions either may be true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Absent {
    /// The last bundled version before it came.
    #[serde(default, rename = "a")]
    before: Option<u32>,
    /// The first bundled version after it went.
    #[serde(default, rename = "g")]
    from: Option<u32>,
}

/// What a text or number means beyond itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing.
    #[default]
    Plain,
    /// An amount with a unit.
    Quantity,
    /// A number, or a text.
    IntOrString,
}

fn list<'de, D: serde::Deserializer<'de>>(json: D) -> Result<Option<List>, D::Error> {
    serde_json::Value::deserialize(json).map(|json| Some(list_kind(&json)))
}

#[derive(Deserialize)]
struct Raw {
    minors: Vec<u32>,
    names: Vec<String>,
    roots: BTreeMap<String, Root>,
    types: Vec<Part>,
}

static BUNDLED: LazyLock<Definitions> = LazyLock::new(|| {
    let text = unpack(include_bytes!("tables/definitions.json.gz"));
    let mut raw: Raw =
        serde_json::from_str(&text).expect("the bundled definitions have their form");
    for (name, part) in raw.names.iter().zip(&mut raw.types) {
        part.form = match name.as_str() {
            "Quantity" => Form::Quantity,
            "IntOrString" => Form::IntOrString,
            _ => Form::Plain,
        };
    }
    Definitions { minors: raw.minors, names: raw.names, roots: raw.roots, types: raw.types }
});

/// Gives the bundled definitions.
pub(super) fn bundled() -> &'static Definitions {
    &BUNDLED
}

impl Definitions {
    /// Gives a kind's definition.
    pub(super) fn root(&self, api_version: &str, kind: &str) -> Option<&Part> {
        self.types.get(self.roots.get(&format!("{api_version}/{kind}"))?.number)
    }

    /// Gives the number of a kind's definition.
    pub(super) fn number(&self, api_version: &str, kind: &str) -> Option<usize> {
        self.roots.get(&format!("{api_version}/{kind}")).map(|root| root.number)
    }

    /// Gives a definition by its number, which another definition or a kind has told.
    pub(super) fn part(&self, number: usize) -> &Part {
        &self.types[number]
    }

    /// Gives a definition's own name, like `PodSpec`.
    pub(super) fn name(&self, number: usize) -> &str {
        self.names.get(number).map_or("", String::as_str)
    }

    /// Gives the number of the definition of a field, and of a list's elements.
    pub(super) fn below(&self, number: usize, name: &str) -> Option<usize> {
        let part = self.types.get(number)?.properties.get(name)?;
        match &part.items {
            Some(items) => items.other,
            None => part.other,
        }
    }

    /// Says which versions do not have a kind.
    pub(super) fn absent(&self, api_version: &str, kind: &str) -> Absent {
        let root = self.roots.get(&format!("{api_version}/{kind}"));
        root.map(|root| root.absent).unwrap_or_default()
    }

    /// Names the versions that something is checked against: that of the cluster, or all where it is not known.
    pub(super) fn named(&self, minor: Option<u32>) -> String {
        match (minor, self.minors.first(), self.minors.last()) {
            (Some(minor), ..) => format!("1.{minor}"),
            (None, Some(first), Some(last)) => format!("1.{first} to 1.{last}"),
            (None, ..) => "1.x".into(),
        }
    }

    /// Says which versions do not have a property, at a path of names like `spec/replicas`.
    pub(super) fn absent_at(&self, part: &Part, path: &str) -> Absent {
        let mut part = Some(part);
        let mut absent = Absent::default();
        for name in path.split('/') {
            let Some(own) = part.and_then(|part| part.properties.get(name)) else { break };
            absent = own.absent;
            if absent != Absent::default() {
                break;
            }
            part = part.and_then(|part| self.property(part, name));
        }
        absent
    }

    /// Gives the definition of a property, and of a list's elements.
    pub(super) fn property<'a>(&'a self, part: &'a Part, name: &str) -> Option<&'a Part> {
        let found = self.followed(part.properties.get(name)?);
        Some(match &found.items {
            Some(items) => self.followed(items),
            None => found,
        })
    }

    /// Gives the number of the definition of `metadata`, for kinds that are not bundled.
    pub(super) fn metadata(&self) -> Option<usize> {
        self.root("v1", "ConfigMap")?.properties.get("metadata")?.other
    }

    /// Says whether a definition says which properties there are.
    pub(super) fn is_closed(part: &Part) -> bool {
        !part.properties.is_empty()
    }

    fn followed<'a>(&'a self, part: &'a Part) -> &'a Part {
        part.other.and_then(|at| self.types.get(at)).unwrap_or(part)
    }
}

impl Absent {
    /// Says whether a version surely does not have it. What may be any version may have it.
    pub(super) fn is_in(self, minor: Option<u32>) -> bool {
        let Some(minor) = minor else { return false };
        self.before.is_some_and(|before| minor <= before)
            || self.from.is_some_and(|from| minor >= from)
    }

    /// Says which versions have it, after a sentence; empty where all do.
    pub(super) fn hint(self) -> String {
        match (self.before, self.from) {
            (Some(before), _) => format!(" It came after Kubernetes 1.{before}."),
            (None, Some(from)) => format!(" It is gone from Kubernetes 1.{from} on."),
            (None, None) => String::new(),
        }
    }
}

impl Part {
    /// Gives the definition itself, where this only names it.
    pub(super) fn followed(&self) -> &Part {
        bundled().followed(self)
    }

    /// Gives the definition of a property, or of a map's value.
    pub(super) fn field(&self, name: &str) -> Option<&Part> {
        let part = self.followed();
        part.properties.get(name).or(part.values.as_deref()).map(Part::followed)
    }

    /// Gives the definition of a list's elements.
    pub(super) fn item(&self) -> Option<&Part> {
        self.followed().items.as_deref().map(Part::followed)
    }

    /// Says whether only listed properties may be there.
    pub(super) fn is_closed(&self) -> bool {
        !self.properties.is_empty() && !self.open && self.values.is_none()
    }
}
