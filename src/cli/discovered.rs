//! Objects that were discovered: their names in a configuration, and their references to each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::addr::{Address, Mode};
use crate::providers::Provider;
use crate::render::configuration::EXPRESSION;
use crate::value::{Kind, Value};

/// The attributes that others name an object by, where their text says which object it is.
const NAMES: [&str; 5] = ["id", "self_link", "email", "name", "member"];

/// What stands before the path in a link of Compute Engine.
const LINK: &str = "https://www.googleapis.com/compute/v1/";

/// An object that was discovered.
pub(super) struct Piece {
    pub(super) address: Address,
    /// What it is imported by.
    pub(super) id: String,
    /// What it is.
    pub(super) found: Value,
    /// Its configuration.
    pub(super) config: Value,
}

impl Piece {
    /// Takes an object in; its configuration is still all that it is.
    pub(super) fn new(type_name: String, id: String, found: Value) -> Piece {
        let address = Address::root(Mode::Managed, &type_name, "it");
        Piece { address, id, config: found.clone(), found }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.found.field(name).and_then(Value::as_str)
    }
}

/// Gives each object a name of its own, by what it is called; `taken` says which addresses the configuration has.
pub(super) fn named(pieces: &mut [Piece], taken: impl Fn(&Address) -> bool) {
    let mut given: BTreeSet<Address> = BTreeSet::new();
    for piece in pieces {
        let segments: Vec<&str> = piece.id.split('/').filter(|part| !part.is_empty()).collect();
        let last = segments.last().copied().unwrap_or_default();
        let called = ["account_id", "name", "service"].iter().find_map(|name| piece.text(name));
        let first = called.unwrap_or(last);
        let first = first.rsplit('/').next().unwrap_or(first).trim_end_matches(".googleapis.com");
        let more = format!("{first}_{last}");
        let numbered = (2..).map(|number| format!("{more}_{number}"));
        let names = [first.to_string(), more.clone()].into_iter().chain(numbered);
        for name in names {
            let address =
                Address::root(Mode::Managed, &piece.address.type_name, &identifier(&name));
            if !taken(&address) && given.insert(address.clone()) {
                piece.address = address;
                break;
            }
        }
    }
}

/// Makes a name of a text.
fn identifier(text: &str) -> String {
    let text = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let name: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '_' })
        .collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("_{name}") }
}

/// Puts references where an object's configuration names another object.
pub(super) fn referring(provider: &dyn Provider, pieces: &mut [Piece]) {
    let mut by_text: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    for (place, piece) in pieces.iter().enumerate() {
        for name in NAMES {
            let Some(text) = piece.text(name).filter(|text| text.contains(['/', '@'])) else {
                continue;
            };
            // Whom a grant is for is not it.
            if name == "member" && piece.text("email").is_none() {
                continue;
            }
            by_text.entry(text.to_string()).or_insert((place, name));
            let path = text.strip_prefix(LINK).map(str::to_string);
            by_text.entry(path.unwrap_or_else(|| format!("{LINK}{text}"))).or_insert((place, name));
        }
    }
    let mut needs: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for place in 0..pieces.len() {
        let type_name = pieces[place].address.type_name.to_string();
        let wholes: Vec<usize> = provider
            .inside(&type_name, &pieces[place].found)
            .into_iter()
            .filter_map(|(of, id)| {
                let is = |piece: &Piece| {
                    let mut names = ["id", "name", "self_link"].iter();
                    *piece.address.type_name == *of
                        && names.any(|name| piece.text(name) == Some(&id))
                };
                pieces.iter().position(is)
            })
            .collect();
        let mut used = BTreeSet::new();
        let all = &*pieces;
        let config = replaced(&all[place].config, None, &mut |attribute, text| {
            let whole = wholes.iter().find(|whole| {
                attribute.is_some_and(|name| name != "name")
                    // A bucket is also named `b/NAME`.
                    && all[**whole].text("name") == Some(text.strip_prefix("b/").unwrap_or(text))
            });
            let named = whole.map(|whole| (*whole, "name"));
            let (of, name) = named.or_else(|| by_text.get(text).copied())?;
            if of == place || reaches(&needs, of, place) {
                return None;
            }
            used.insert(of);
            Some(format!("{EXPRESSION}{}.{name}", all[of].address))
        });
        needs.entry(place).or_default().extend(used);
        pieces[place].config = config;
    }
}

/// Says whether an object needs another, itself or by others.
fn reaches(needs: &BTreeMap<usize, BTreeSet<usize>>, from: usize, to: usize) -> bool {
    let (mut open, mut seen) = (vec![from], BTreeSet::new());
    while let Some(place) = open.pop() {
        if place == to {
            return true;
        }
        if seen.insert(place) {
            open.extend(needs.get(&place).into_iter().flatten());
        }
    }
    false
}

/// Gives a value with texts replaced; the function is told the top-level attribute that is the text.
fn replaced(
    value: &Value,
    attribute: Option<&str>,
    by: &mut dyn FnMut(Option<&str>, &str) -> Option<String>,
) -> Value {
    match value.kind() {
        Kind::String(text) => match by(attribute, text) {
            Some(written) => Value::string(written),
            None => value.clone(),
        },
        Kind::Object(fields) if attribute.is_none() => {
            let fields: Vec<(String, Value)> = fields
                .iter()
                .map(|(name, part)| (name.to_string(), replaced(part, Some(name), by)))
                .collect();
            Value::object(fields.iter().map(|(name, part)| (name.as_str(), part.clone())))
        }
        _ => value.map_parts(&mut |part| match part.kind() {
            // Only a top-level text may be a bare name.
            Kind::String(text) => by(None, text).map_or_else(|| part.clone(), Value::string),
            _ => replaced(part, Some(""), by),
        }),
    }
}
