//! Cloud Storage: lists of objects, page by page, with what stands for those below a delimiter (page "List objects").

use regex::Regex;
use serde_json::{Value as Json, json};

use super::objects::{key, shown};
use super::refusal::Refusal;
use super::storage::bucket;
use super::turn::{self, Answer, Turn};
use super::versions;

/// One entry of a list.
enum Entry {
    Object(Json),
    /// What stands for all objects whose names begin so.
    Prefix(String),
}

/// Lists a bucket's objects.
///
/// # Errors
/// There is no such bucket, or a parameter says nothing.
pub(super) fn list(turn: &mut Turn<'_>) -> Answer {
    let bucket_name = turn.path[0].clone();
    bucket(turn, &bucket_name)?;
    if turn.parameter("softDeleted") == Some("true") {
        return turn::list(json!({"kind": "storage#objects"}), "items", (Vec::new(), None));
    }
    let size = turn.number("maxResults").filter(|size| (1..=1000).contains(size)).unwrap_or(1000);
    let from = turn.number("pageToken").unwrap_or(0);
    let (from, size) =
        (usize::try_from(from).unwrap_or(usize::MAX), usize::try_from(size).unwrap_or(1000));
    let all = entries(turn, &bucket_name)?;
    let more = all.len() > from.saturating_add(size);
    let (mut items, mut prefixes) = (Vec::new(), Vec::new());
    for entry in all.into_iter().skip(from).take(size) {
        match entry {
            Entry::Object(object) => items.push(shown(turn, object)),
            Entry::Prefix(prefix) => prefixes.push(prefix),
        }
    }
    let mut frame = json!({"kind": "storage#objects"});
    if !prefixes.is_empty() {
        frame["prefixes"] = json!(prefixes);
    }
    turn::list(frame, "items", (items, more.then(|| (from + size).to_string())))
}

/// Gives all entries in the order of their names.
fn entries(turn: &Turn<'_>, bucket_name: &str) -> Result<Vec<Entry>, Refusal> {
    let text = |name: &str| turn.parameter(name).unwrap_or_default().to_owned();
    let (prefix, delimiter) = (text("prefix"), text("delimiter"));
    let (start_at, end_at) = (text("startOffset"), text("endOffset"));
    let trailing = turn.parameter("includeTrailingDelimiter") == Some("true");
    let glob = turn.parameter("matchGlob").filter(|glob| !glob.is_empty()).map(pattern);
    let glob = glob.transpose()?;
    let start = key(bucket_name, &prefix);
    let mut found: Vec<&Json> = turn.store.below(&start).map(|(_, object)| object).collect();
    if turn.parameter("versions") == Some("true") {
        found.extend(versions::former(turn.store, bucket_name, &prefix).map(|(_, object)| object));
        found.sort_by_key(|object| {
            ["name", "generation"].map(|field| object[field].as_str().unwrap_or_default())
        });
    }
    let mut entries = Vec::new();
    for object in found {
        let name = object["name"].as_str().unwrap_or_default();
        if name < start_at.as_str()
            || (!end_at.is_empty() && name >= end_at.as_str())
            || glob.as_ref().is_some_and(|glob| !glob.is_match(name))
        {
            continue;
        }
        let cut = (!delimiter.is_empty()).then(|| name[prefix.len()..].find(&delimiter)).flatten();
        let Some(at) = cut else {
            entries.push(Entry::Object(object.clone()));
            continue;
        };
        let group = &name[..prefix.len() + at + delimiter.len()];
        let told =
            entries.iter().rev().any(|entry| matches!(entry, Entry::Prefix(it) if it == group));
        if !told {
            entries.push(Entry::Prefix(group.to_owned()));
        }
        // The object that is the folder's own mark is told beside it, where that is wished.
        if trailing && name.len() == group.len() {
            entries.push(Entry::Object(object.clone()));
        }
    }
    Ok(entries)
}

/// Gives a glob as a pattern: `*` and `?` stay within a folder, `**` does not, `[…]` and `{a,b}` choose.
fn pattern(glob: &str) -> Result<Regex, Refusal> {
    let mut pattern = String::from("^");
    let mut letters = glob.chars().peekable();
    let mut open = 0_usize;
    while let Some(letter) = letters.next() {
        match letter {
            '*' if letters.next_if_eq(&'*').is_some() => pattern.push_str(".*"),
            '*' => pattern.push_str("[^/]*"),
            '?' => pattern.push_str("[^/]"),
            '[' => {
                pattern.push('[');
                if letters.next_if(|next| matches!(next, '!' | '^')).is_some() {
                    pattern.push('^');
                }
                for inner in letters.by_ref() {
                    if matches!(inner, '\\' | '[' | '&' | '~') {
                        pattern.push('\\');
                    }
                    pattern.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '{' => {
                open += 1;
                pattern.push_str("(?:");
            }
            '}' if open > 0 => {
                open -= 1;
                pattern.push(')');
            }
            ',' if open > 0 => pattern.push('|'),
            '\\' => pattern
                .push_str(&regex::escape(&letters.next().map(String::from).unwrap_or_default())),
            letter => pattern.push_str(&regex::escape(&letter.to_string())),
        }
    }
    pattern.push('$');
    Regex::new(&pattern).map_err(|_| Refusal::invalid(format!("Invalid matchGlob: {glob:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_choose_names() {
        for (glob, name, fits) in [
            ("*.txt", "a.txt", true),
            ("*.txt", "d/a.txt", false),
            ("**.txt", "d/a.txt", true),
            ("d/?.{txt,md}", "d/a.md", true),
            ("d/?.{txt,md}", "d/ab.md", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("a+(b)", "a+(b)", true),
        ] {
            assert_eq!(pattern(glob).unwrap().is_match(name), fits, "{glob} {name}");
        }
    }
}
