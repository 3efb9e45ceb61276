//! Texts inside of values: quoted, as lines, or taken apart where they are JSON or YAML.

use serde_json::Value as Json;
use similar::{ChangeTag, TextDiff};

use super::diff::{Act, Diff, Spot};
use crate::value::Value;
use crate::value::json::from_json;

/// How many unchanged lines are shown around a changed one, where there are many.
const AROUND: usize = 3;

/// Quotes a text as the language writes it.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    // Most texts have nothing to escape.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'{'))
    {
        out.push_str(text);
        out.push('"');
        return out;
    }
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other if other.is_control() => out.push_str(&format!("\\u{:04x}", other as u32)),
            other => out.push(other),
        }
    }
    let out = out.replace("${", "$${").replace("%{", "%%{");
    out + "\""
}

/// Tells one text.
pub(super) fn one(diff: &Diff<'_>, text: &str, act: Act, depth: usize) -> String {
    if let Some(json) = as_json(text) {
        let value = diff.one(&json, act, depth + 1);
        return wrapped(diff, "jsonencode", "", (Act::Keep, &value), depth);
    }
    if !text.contains('\n') {
        return quote(text);
    }
    let lead = diff.lead(depth + 1, Act::Keep);
    let lines = text.lines().map(|line| format!("{lead}{line}").trim_end().to_string() + "\n");
    format!("<<-EOT\n{}{}EOT", lines.collect::<String>(), diff.lead(depth, Act::Keep))
}

/// Tells how a text changes.
pub(super) fn changed(diff: &Diff<'_>, before: &str, after: &str, spot: &Spot) -> String {
    if let (Some(old), Some(new)) = (as_json(before), as_json(after)) {
        return structure(diff, "jsonencode", (&old, &new), spot);
    }
    let many = before.contains('\n') || after.contains('\n');
    if !many || as_json(before).is_some() || as_json(after).is_some() {
        let arrow = diff.style.paint(super::style::Ink::Update, "->");
        let [before, after] = [(before, Act::Delete), (after, Act::Create)]
            .map(|(text, act)| one(diff, text, act, spot.depth));
        return format!("{before} {arrow} {after}");
    }
    if let (Some(old), Some(new)) = (as_yaml(before), as_yaml(after))
        && old != new
    {
        return structure(diff, "yamlencode", (&old, &new), spot);
    }
    lines(diff, before, after, spot.depth)
}

/// Tells how the value changes that a text is the form of.
fn structure(diff: &Diff<'_>, form: &str, (old, new): (&Value, &Value), spot: &Spot) -> String {
    let depth = spot.depth;
    if old == new {
        let whole = diff.one(new, Act::Keep, depth + 1);
        return wrapped(diff, form, " # whitespace changes", (Act::Keep, &whole), depth);
    }
    let plain = Diff { replaces: &[], ..*diff };
    let inside = Spot { depth: depth + 1, loose: true, says_null: false, ..spot.clone() };
    let value = plain.value(Some(old), Some(new), &inside);
    wrapped(diff, form, "", (Act::Update, &value), depth)
}

/// Writes a value as what a text is the form of: in one line where it has one.
fn wrapped(
    diff: &Diff<'_>,
    form: &str,
    remark: &str,
    (act, inside): (Act, &str),
    depth: usize,
) -> String {
    if remark.is_empty() && !inside.contains('\n') {
        return format!("{form}({inside})");
    }
    let (lead, end) = (diff.lead(depth + 1, act), diff.lead(depth, Act::Keep));
    format!("{form}({remark}\n{lead}{inside}\n{end})")
}

/// Tells how lines change; long runs of unchanged ones are hidden and counted.
fn lines(diff: &Diff<'_>, before: &str, after: &str, depth: usize) -> String {
    let compared = TextDiff::from_lines(before, after);
    let changes: Vec<(Act, &str)> = compared
        .iter_all_changes()
        .map(|change| {
            let act = match change.tag() {
                ChangeTag::Equal => Act::Keep,
                ChangeTag::Delete => Act::Delete,
                ChangeTag::Insert => Act::Create,
            };
            (act, change.value())
        })
        .collect();
    let is_near = |at: usize| {
        let around = at.saturating_sub(AROUND)..(at + AROUND + 1).min(changes.len());
        changes[around].iter().any(|(act, _)| *act != Act::Keep)
    };
    let mut text = String::from("<<-EOT\n");
    let mut hidden = 0;
    for (at, (act, line)) in changes.iter().enumerate() {
        if !is_near(at) {
            hidden += 1;
            continue;
        }
        text += &diff.hidden(depth + 1, std::mem::take(&mut hidden), "line");
        let line = format!("{}{}", diff.lead(depth + 1, *act), line.trim_end_matches('\n'));
        text += line.trim_end();
        text += "\n";
    }
    text += &diff.hidden(depth + 1, hidden, "line");
    // Where it is all that changes one could not see it.
    let alone = before.trim_end_matches('\n') == after.trim_end_matches('\n');
    let end = match (before.ends_with('\n'), after.ends_with('\n')) {
        (true, false) if alone => " # without a last newline",
        (false, true) if alone => " # with a last newline",
        _ => "",
    };
    format!("{text}{}EOT{end}", diff.lead(depth, Act::Keep))
}

/// Reads a text that is a JSON object or array.
fn as_json(text: &str) -> Option<Value> {
    let trimmed = text.trim_start();
    if !trimmed.starts_with(['{', '[']) {
        return None;
    }
    let json: Json = serde_json::from_str(trimmed).ok()?;
    Some(from_json(&json))
}

/// Reads a text of one YAML document that is a map or a sequence.
fn as_yaml(text: &str) -> Option<Value> {
    let is_one = !text.lines().skip(1).any(|line| line.trim_end() == "---");
    let looks = text
        .lines()
        .any(|line| line.contains(": ") || line.ends_with(':') || line.starts_with("- "));
    if !is_one || !looks {
        return None;
    }
    let json: Json = serde_saphyr::from_str(text).ok()?;
    (json.is_object() || json.is_array()).then(|| from_json(&json))
}
