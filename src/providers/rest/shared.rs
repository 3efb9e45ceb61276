//! Attributes and blocks that several resource files have in common: a file of their own, taken in by name.

use serde_json::Value as Json;

use crate::diag::{Diagnostic, FileId};
use crate::syntax;

use super::read::parts;
use super::spec::{Part, Shape};

/// A shared file: its name and its text.
pub type SharedRow = (&'static str, &'static str);

/// Gives the parts of the shared file of this name, with the calls that change them named anew: `calls` maps the names
/// that stand there to those of the resource file; `none` means that no call changes the parts alone.
///
/// # Errors
/// There is no such file, or it is wrong.
pub(super) fn shared_parts(
    name: &str,
    calls: Option<&Json>,
    rows: &[SharedRow],
    problems: &mut Vec<Diagnostic>,
) -> Result<Vec<Part>, String> {
    let Some((_, text)) = rows.iter().find(|(known, _)| *known == name) else {
        return Err(format!("There is no shared file \"{name}\"."));
    };
    let (file, found) = syntax::parse(FileId::default(), text);
    problems.extend(found);
    let block = file.body.blocks.first().filter(|block| {
        block.kind.text == "shared" && block.labels.first().is_some_and(|label| label.text == name)
    });
    let block = block.ok_or_else(|| format!("The shared file \"{name}\" has no such block."))?;
    let mut parts = parts(&block.body, rows, problems);
    if let Some(calls) = calls {
        rename(&mut parts, calls);
    }
    Ok(parts)
}

fn rename(parts: &mut [Part], calls: &Json) {
    for part in parts {
        match (&mut part.change, calls) {
            (Some(change), Json::Object(names)) => {
                if let Some(name) = names.get(&change.rpc).and_then(Json::as_str) {
                    change.rpc = name.to_string();
                }
            }
            (change, _) => *change = None,
        }
        if let Shape::Block { parts, .. } = &mut part.shape {
            rename(parts, calls);
        }
    }
}
