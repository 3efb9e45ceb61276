//! The API's own definitions of one Kubernetes version, bundled: what a cluster that does not
//! exist yet would say of a field.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::tables::unpack;

/// The definitions of one minor version.
pub(super) struct Definitions {
    /// Like `1.33`.
    pub minor: String,
    roots: BTreeMap<String, usize>,
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
    /// The values of a map.
    #[serde(default, rename = "m")]
    pub values: Option<Box<Part>>,
    /// Another definition by its number in the bundle.
    #[serde(default, rename = "$")]
    pub other: Option<usize>,
    /// What a text means.
    #[serde(skip)]
    pub form: Form,
    /// It may have properties that are not listed.
    #[serde(skip)]
    pub open: bool,
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

#[derive(Deserialize)]
struct Raw {
    minor: String,
    names: Vec<String>,
    roots: BTreeMap<String, usize>,
    types: Vec<Part>,
}

static BUNDLED: LazyLock<Definitions> = LazyLock::new(|| {
    let text = unpack(include_bytes!("tables/definitions-1.33.json.gz"));
    let mut raw: Raw =
        serde_json::from_str(&text).expect("the bundled definitions have their form");
    for (name, part) in raw.names.iter().zip(&mut raw.types) {
        part.form = match name.as_str() {
            "Quantity" => Form::Quantity,
            "IntOrString" => Form::IntOrString,
            _ => Form::Plain,
        };
    }
    Definitions { minor: raw.minor, roots: raw.roots, types: raw.types }
});

/// Gives the bundled definitions.
pub(super) fn bundled() -> &'static Definitions {
    &BUNDLED
}

impl Definitions {
    /// Gives a kind's definition.
    pub(super) fn root(&self, api_version: &str, kind: &str) -> Option<&Part> {
        self.types.get(*self.roots.get(&format!("{api_version}/{kind}"))?)
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
