//! Who may do what with keys and secrets.

use super::policy;
use super::refusal::{Refusal, Style};
use super::turn::{self, Answer, Row, Turn};

/// The methods.
pub const ROWS: &[Row] = &[
    ("cloudkms.projects.locations.keyRings.getIamPolicy", get),
    ("cloudkms.projects.locations.keyRings.setIamPolicy", set),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.getIamPolicy", get),
    ("cloudkms.projects.locations.keyRings.cryptoKeys.setIamPolicy", set),
    ("secretmanager.projects.secrets.getIamPolicy", get),
    ("secretmanager.projects.secrets.setIamPolicy", set),
];

/// The collections on the way to the object, by the service.
const COLLECTIONS: [(&str, &[&str]); 2] = [
    ("cloudkms", &["projects", "locations", "keyRings", "cryptoKeys"]),
    ("secretmanager", &["projects", "secrets"]),
];

/// Gives the object's place; it is there.
fn place(turn: &Turn<'_>) -> Result<String, Refusal> {
    let service = turn.id.split('.').next().unwrap_or_default();
    let of = COLLECTIONS.iter().find(|(name, _)| *name == service).map_or(&[][..], |(_, of)| of);
    let steps = of.iter().zip(&turn.path).map(|(of, id)| format!("/{of}/{id}"));
    let place = format!("{service}{}", steps.collect::<String>());
    match turn.store.find(&place) {
        Some(_) => Ok(place),
        None => Err(Refusal::not_found(format!("{place} not found."))),
    }
}

fn get(turn: &mut Turn<'_>) -> Answer {
    let place = place(turn)?;
    let version = turn.number("options.requestedPolicyVersion").unwrap_or(1);
    turn::ok(&policy::read(turn.store, &place, version))
}

fn set(turn: &mut Turn<'_>) -> Answer {
    let (place, given) = (place(turn)?, turn.body["policy"].clone());
    turn::ok(&policy::write(turn.store, &place, &given, Style::Status)?)
}
