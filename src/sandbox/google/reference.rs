//! What one object of Compute Engine names of another: a whole link, a path, or what is below the project.

use crate::sandbox::store::Store;

use super::compute::{key, link, missing};
use super::refusal::Refusal;

/// Gives the project and the path below it that a reference means; nothing where it is no reference.
pub(super) fn parts<'a>(project: &'a str, text: &'a str) -> Option<(&'a str, &'a str)> {
    if let Some(at) = text.find("projects/") {
        return text[at + "projects/".len()..].split_once('/');
    }
    let scoped = ["global/", "regions/", "zones/"].iter().any(|scope| text.starts_with(scope));
    scoped.then_some((project, text))
}

/// Gives the link of an object that must exist. `collection` is that of its last part but one, `field` what names it.
///
/// # Errors
/// The text is no link to one of the collection, or there is no such object.
pub(super) fn existing(
    store: &Store,
    project: &str,
    (field, collection): (&str, &str),
    text: &str,
) -> Result<String, Refusal> {
    let found =
        parts(project, text).filter(|(_, below)| below.rsplit('/').nth(1) == Some(collection));
    let Some((project, below)) = found else {
        return Err(Refusal::invalid(format!(
            "Invalid value for field 'resource.{field}': '{text}'. The URL is malformed."
        )));
    };
    match store.find(&key(project, below)) {
        Some(_) => Ok(link(project, below)),
        None => Err(missing(project, below)),
    }
}
