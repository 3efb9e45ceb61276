//! What `replace` puts in the place of a match: text with `$1`, `${1}` and `$name` in it.

use regex::Captures;

/// Fills in the groups. A group that there is not, or that took no part, is empty; a `$` without a
/// name after it stands for itself, and `$$` for one of them.
pub(super) fn expand(template: &str, names: &[Option<String>], captures: &Captures<'_>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = name(after) {
            out.push_str(group(name, names, captures));
            rest = after;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out + rest
}

/// Takes a name, alone or in braces, as long as it can be.
fn name(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('{');
    let from = inside.unwrap_or(text);
    let end = from.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(from.len());
    let (name, after) = from.split_at(end);
    let after = if inside.is_some() { after.strip_prefix('}')? } else { after };
    (!name.is_empty()).then_some((name, after))
}

fn group<'a>(name: &str, names: &[Option<String>], captures: &Captures<'a>) -> &'a str {
    let digits = name.bytes().all(|byte| byte.is_ascii_digit());
    // With a zero before it a number is a name.
    let number = name.parse().ok().filter(|_| digits && (name == "0" || !name.starts_with('0')));
    let named = || {
        let places = names.iter().enumerate().filter(|(_, known)| known.as_deref() == Some(name));
        places.filter_map(|(place, _)| captures.get(place + 1)).next()
    };
    let found = match number {
        Some(number) => captures.get(number),
        None => named(),
    };
    found.map_or("", |found| found.as_str())
}
