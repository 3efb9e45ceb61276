//! The patterns of `fileset`: `*`, `**`, `?`, `[a-c]`, `{a,b}`.

use std::collections::BTreeSet;
use std::path::Path;

/// Gives the files below a folder whose path from there matches, in order. A folder that is not there
/// has none.
pub(super) fn find(folder: &Path, pattern: &str) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    for alternative in alternatives(pattern)? {
        let parts: Vec<&str> =
            alternative.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        check(&parts)?;
        if !parts.is_empty() {
            walk(folder, "", &parts, &mut found, 0);
        }
    }
    Ok(found)
}

fn bad() -> String {
    "syntax error in pattern".into()
}

/// Writes out what stands in braces.
fn alternatives(pattern: &str) -> Result<Vec<String>, String> {
    let Some(open) = pattern.find('{') else {
        return if pattern.contains('}') { Err(bad()) } else { Ok(vec![pattern.into()]) };
    };
    let mut depth = 0;
    let mut starts = vec![open + 1];
    let mut close = None;
    for (at, character) in pattern.char_indices().skip_while(|(at, _)| *at < open) {
        match character {
            '{' => depth += 1,
            ',' if depth == 1 => starts.push(at + 1),
            '}' => {
                depth -= 1;
                if depth == 0 {
                    close = Some(at);
                    break;
                }
            }
            _ => {}
        }
    }
    let close = close.ok_or_else(bad)?;
    let mut all = Vec::new();
    for (place, start) in starts.iter().enumerate() {
        let end = starts.get(place + 1).map_or(close, |next| next - 1);
        let one = format!("{}{}{}", &pattern[..open], &pattern[*start..end], &pattern[close + 1..]);
        all.extend(alternatives(&one)?);
        if all.len() > 1000 {
            return Err("too many alternatives".into());
        }
    }
    Ok(all)
}

fn check(parts: &[&str]) -> Result<(), String> {
    let open =
        |part: &&str| part.contains('[') && !part[part.find('[').unwrap_or(0) + 1..].contains(']');
    if parts.iter().any(|part| open(part) || part.ends_with('\\')) { Err(bad()) } else { Ok(()) }
}

fn walk(folder: &Path, prefix: &str, parts: &[&str], found: &mut BTreeSet<String>, depth: usize) {
    let Some((&part, rest)) = parts.split_first() else { return };
    if depth > 100 {
        return;
    }
    if part == "**" {
        // It stands for no folder at all, or for one and again itself.
        if rest.is_empty() {
            walk(folder, prefix, &["*"], found, depth);
        } else {
            walk(folder, prefix, rest, found, depth);
        }
        for (name, path, is_folder) in entries(folder) {
            if is_folder && !path.is_symlink() {
                walk(&path, &format!("{prefix}{name}/"), parts, found, depth + 1);
            }
        }
        return;
    }
    if part == ".." {
        walk(&folder.join(".."), &format!("{prefix}../"), rest, found, depth + 1);
        return;
    }
    let pattern: Vec<char> = part.chars().collect();
    for (name, path, is_folder) in entries(folder) {
        if !matches(&pattern, &name.chars().collect::<Vec<_>>()) {
            continue;
        }
        if rest.is_empty() && path.is_file() {
            found.insert(format!("{prefix}{name}"));
        } else if !rest.is_empty() && is_folder {
            walk(&path, &format!("{prefix}{name}/"), rest, found, depth + 1);
        }
    }
}

fn entries(folder: &Path) -> Vec<(String, std::path::PathBuf, bool)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let entries = entries.filter_map(|entry| {
        let path = entry.path();
        let is_folder = path.is_dir();
        entry.file_name().into_string().ok().map(|name| (name, path, is_folder))
    });
    entries.collect()
}

fn matches(pattern: &[char], name: &[char]) -> bool {
    let Some((&first, rest)) = pattern.split_first() else { return name.is_empty() };
    match first {
        '*' => (0..=name.len()).any(|skip| matches(rest, &name[skip..])),
        '?' => !name.is_empty() && matches(rest, &name[1..]),
        '[' => {
            let Some(close) = rest.iter().skip(1).position(|c| *c == ']').map(|at| at + 1) else {
                return false;
            };
            let Some((&character, after)) = name.split_first() else { return false };
            let negated = matches!(rest.first(), Some('^' | '!'));
            let class = &rest[usize::from(negated)..close];
            in_class(class, character) != negated && matches(&rest[close + 1..], after)
        }
        '\\' => match (rest.split_first(), name.split_first()) {
            (Some((&wanted, rest)), Some((&found, after))) => {
                wanted == found && matches(rest, after)
            }
            _ => false,
        },
        wanted => name.first() == Some(&wanted) && matches(rest, &name[1..]),
    }
}

fn in_class(class: &[char], character: char) -> bool {
    let mut at = 0;
    while at < class.len() {
        if at + 2 < class.len() && class[at + 1] == '-' {
            if (class[at]..=class[at + 2]).contains(&character) {
                return true;
            }
            at += 3;
        } else {
            if class[at] == character {
                return true;
            }
            at += 1;
        }
    }
    false
}
