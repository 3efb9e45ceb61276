//! Texts inside of values: quoted, as lines, or taken apart where they have a form of their own.

mod forms;

use similar::{ChangeTag, TextDiff};

use self::forms::{FORMS, decoded, json as as_json};
use super::diff::{Act, Diff, Spot};
use super::style::{counted, visible};
use crate::value::Value;

/// How many unchanged lines are shown around a changed one, where there are many.
const AROUND: usize = 3;
/// How many lines of a text are shown where plans are told in short.
const CONCISE: usize = 5;

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
    let text = bare(text);
    let lead = diff.lead(depth + 1, Act::Keep);
    let count = text.split('\n').count();
    let most = if diff.style.concise { CONCISE } else { count };
    let lines = text.split('\n').take(most);
    let lines = lines.map(|line| format!("{lead}{}", visible(line)).trim_end().to_string() + "\n");
    let mut lines: String = lines.collect();
    if count > most {
        let more = diff.dim(&format!("# ({} more)", counted(count - most, "line")));
        lines += &format!("{lead}{more}\n");
    }
    format!("<<-EOT\n{lines}{}EOT", diff.lead(depth, Act::Keep))
}

/// Gives lines without the space around all of them, as Terraform tells them.
fn bare(text: &str) -> &str {
    if text.contains('\n') { text.trim() } else { text }
}

/// Tells how a text changes.
pub(super) fn changed(diff: &Diff<'_>, before: &str, after: &str, spot: &Spot) -> String {
    if let (Some(old), Some(new)) = (as_json(before), as_json(after)) {
        return structure(diff, "jsonencode", (&old, &new), spot);
    }
    if let Some(told) = in_base64(diff, before, after, spot) {
        return told;
    }
    let many = before.contains('\n') || after.contains('\n');
    if !many || as_json(before).is_some() || as_json(after).is_some() {
        let arrow = diff.style.paint(super::style::Ink::Update, "->");
        let [before, after] = [(before, Act::Delete), (after, Act::Create)]
            .map(|(text, act)| one(diff, text, act, spot.depth));
        return format!("{before} {arrow} {after}");
    }
    for (form, read) in FORMS {
        match read(before).zip(read(after)) {
            Some((old, new)) if old != new => return structure(diff, form, (&old, &new), spot),
            Some(_) => {
                return lines(diff, before, after, spot.depth) + " # only its format changes";
            }
            None => {}
        }
    }
    lines(diff, before, after, spot.depth)
}

/// Tells how the texts change that two texts are the base 64 of, where these have a form.
fn in_base64(diff: &Diff<'_>, before: &str, after: &str, spot: &Spot) -> Option<String> {
    let (old, new) = (decoded(before)?, decoded(after)?);
    let has_form = |(_, read): &&forms::Form| read(&old).is_some() && read(&new).is_some();
    let json = as_json(&old).is_some() && as_json(&new).is_some();
    if old == new || !(json || FORMS.iter().any(|form| has_form(&form))) {
        return None;
    }
    let inside = Spot { depth: spot.depth + 1, ..spot.clone() };
    let told = changed(diff, &old, &new, &inside);
    Some(wrapped(diff, "base64encode", "", (Act::Update, &told), spot.depth))
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
    let compared = TextDiff::from_lines(bare(before), bare(after));
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
        let line = visible(line.trim_end());
        text += format!("{}{line}", diff.lead(depth + 1, *act)).trim_end();
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

#[cfg(test)]
mod tests;
