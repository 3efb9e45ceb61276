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
    properties: BTreeMap<String, Part>,
    /// The properties that must be there.
    #[serde(default, rename = "r")]
    pub required: Vec<String>,
    /// The allowed values.
    #[serde(default, rename = "e")]
    pub one_of: Vec<String>,
    #[serde(default, rename = "i")]
    items: Option<Box<Part>>,
    #[serde(default, rename = "$")]
    other: Option<usize>,
}

#[derive(Deserialize)]
struct Raw {
    minor: String,
    roots: BTreeMap<String, usize>,
    types: Vec<Part>,
}

static BUNDLED: LazyLock<Definitions> = LazyLock::new(|| {
    let text = unpack(include_bytes!("tables/definitions-1.33.json.gz"));
    let raw: Raw = serde_json::from_str(&text).expect("the bundled definitions have their form");
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

    /// Says whether a definition says which properties there are.
    pub(super) fn is_closed(part: &Part) -> bool {
        !part.properties.is_empty()
    }

    fn followed<'a>(&'a self, part: &'a Part) -> &'a Part {
        part.other.and_then(|at| self.types.get(at)).unwrap_or(part)
    }
}
