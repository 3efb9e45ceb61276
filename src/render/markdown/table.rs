//! The table of changes, as far as there is room for it.

use std::collections::BTreeMap;

use super::escape::{code, text};
use super::{Without, cut, linked};
use crate::addr::module_text;
use crate::render::report::{Deed, Report, Row};
use crate::render::style::counted;

/// So many reasons of one change are told; the others are counted.
const REASONS: usize = 3;

/// Tells the changes.
pub(super) fn changes(report: &Report<'_>, rows: &[Row<'_>], without: Without) -> String {
    match without {
        Without::Names => return by_block(rows),
        Without::Blocks => return by_type(rows),
        Without::All => {
            let severe: Vec<&Row<'_>> = rows.iter().filter(|row| row.is_severe()).collect();
            let severe = counts("**What to look at before you approve**", &severe);
            return severe + &others(rows) + TOO_MANY;
        }
        _ => {}
    }
    let with_rows = |row: &&Row<'_>| without < Without::Rows || row.is_severe();
    let told: Vec<&Row<'_>> = rows.iter().filter(with_rows).collect();
    let mut out = String::new();
    let mut group = None;
    for row in &told {
        let own = report.group.map(|by| by.of(row.address, row.item).1);
        if out.is_empty() || own != group {
            if let Some(name) = &own {
                out += &format!("\n**{}**\n\n", text(name));
            }
            out += "| | Action | Object | Where | Why |\n|---|---|---|---|---|\n";
            group = own;
        }
        out += &one(report, row, without);
    }
    let left: Vec<&Row<'_>> = rows.iter().filter(|row| !with_rows(row)).collect();
    if !left.is_empty() {
        out += &counts("The others", &left);
    }
    out
}

fn one(report: &Report<'_>, row: &Row<'_>, without: Without) -> String {
    let mut signs = String::new();
    if row.risks().iter().any(|risk| risk.kind.is_high()) {
        signs += "🔴";
    } else if !row.risks().is_empty() {
        signs += "🟡";
    }
    let action = match row.is_severe() {
        true => format!("**{}**", row.deed.word()),
        false => row.deed.word().to_string(),
    };
    let object = code(&row.name());
    if without >= Without::Reasons {
        return format!("| {signs} | {action} | {object} | | |\n");
    }
    let place = report.place(row).map(|place| linked(&place, report.link(row.change.span)));
    let mut why: Vec<String> = report.why(row).iter().map(|why| text(&cut(why, 200))).collect();
    if why.len() > REASONS {
        let more = why.len() - REASONS;
        why.truncate(REASONS);
        why.push(format!("and {more} more"));
    }
    if let Some(condition) = row.condition() {
        why.push(format!("_perhaps: {}_", text(&cut(&condition, 200))));
    }
    let place = place.unwrap_or_default();
    format!("| {signs} | {action} | {object} | {place} | {} |\n", why.join("<br>"))
}

/// Counts changes by module and type.
fn counts(what: &str, rows: &[&Row<'_>]) -> String {
    const MOST: usize = 150;
    let mut counted_by: BTreeMap<(String, &str, Deed), usize> = BTreeMap::new();
    for row in rows {
        let key = (module_text(&row.address.module), row.address.type_name.as_str(), row.deed);
        *counted_by.entry(key).or_default() += 1;
    }
    let mut out = format!(
        "\n{what}, by module and type:\n\n| Module | Type | Action | Objects |\n|---|---|---|---|\n"
    );
    let mut left = 0;
    for (at, ((module, kind, deed), count)) in counted_by.into_iter().enumerate() {
        if at >= MOST {
            left += count;
            continue;
        }
        let module = if module.is_empty() { "the root".into() } else { code(&module) };
        out += &format!("| {module} | {} | {} | {count} |\n", code(kind), deed.word());
    }
    if left > 0 {
        out += &format!("\nand {} more.\n", counted(left, "change"));
    }
    out
}

const TOO_MANY: &str = "\n_There are too many to be named one by one in a comment: the HTML page and the JSON name each._\n";

/// Names the severe changes by their type, so that numbers in a row stand as one.
fn by_type(rows: &[Row<'_>]) -> String {
    let mut types: BTreeMap<(Deed, String), Vec<String>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_severe()) {
        let whole = row.name();
        let module = module_text(&row.address.module);
        let module = if module.is_empty() { module } else { module + "." };
        let kind = format!("{module}{}", row.address.type_name);
        let name = whole.strip_prefix(&format!("{kind}.")).unwrap_or(&whole).to_owned();
        types.entry((row.deed, kind)).or_default().push(name);
    }
    let mut out = String::new();
    for ((deed, kind), names) in types {
        let (count, names) = (counted(names.len(), "object"), in_rows(&names).join(" "));
        out += &format!("- **{}** {} ({count}): {}\n", deed.word(), code(&kind), code(&names));
    }
    out + &others(rows)
}

/// Writes names that differ in their last number alone as one: `web_{0–7,9}`.
fn in_rows(names: &[String]) -> Vec<String> {
    let mut stems: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
    let mut out = Vec::new();
    for name in names {
        let end = name.rfind(|character: char| character.is_ascii_digit()).map(|at| at + 1);
        let digits = end.map(|end| {
            let before = name[..end].trim_end_matches(|character: char| character.is_ascii_digit());
            (before, &name[before.len()..end], &name[end..])
        });
        match digits {
            Some((stem, number, rest)) if number == "0" || !number.starts_with('0') => {
                match number.parse() {
                    Ok(number) => stems.entry((stem, rest)).or_default().push(number),
                    Err(_) => out.push(name.clone()),
                }
            }
            _ => out.push(name.clone()),
        }
    }
    for ((stem, rest), mut numbers) in stems {
        numbers.sort_unstable();
        let mut runs: Vec<(u64, u64)> = Vec::new();
        for number in numbers {
            match runs.last_mut() {
                Some((_, last)) if number <= last.saturating_add(1) => *last = number,
                _ => runs.push((number, number)),
            }
        }
        let told: Vec<String> = runs
            .iter()
            .map(|(first, last)| match first == last {
                true => first.to_string(),
                false => format!("{first}–{last}"),
            })
            .collect();
        out.push(match runs.as_slice() {
            [(first, last)] if first == last => format!("{stem}{first}{rest}"),
            _ => format!("{stem}{{{}}}{rest}", told.join(",")),
        });
    }
    out
}

/// Counts what is not severe.
fn others(rows: &[Row<'_>]) -> String {
    let left: Vec<&Row<'_>> = rows.iter().filter(|row| !row.is_severe()).collect();
    if left.is_empty() { String::new() } else { counts("The others", &left) }
}

/// Names the severe changes by their block, with the keys of their instances.
fn by_block(rows: &[Row<'_>]) -> String {
    let mut blocks: BTreeMap<(Deed, String), Vec<String>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_severe()) {
        let block = row.address.with_key(None);
        let key = row.address.key.as_ref().map(ToString::to_string).unwrap_or_default();
        let key = key + &row.deposed.map(|key| format!(" (deposed {key})")).unwrap_or_default();
        blocks.entry((row.deed, block.to_string())).or_default().push(key);
    }
    let mut out = String::new();
    for ((deed, block), keys) in blocks {
        out += &format!("- **{}** {}", deed.word(), code(&block));
        if keys.len() > 1 {
            out += &format!(" ({})", counted(keys.len(), "instance"));
        }
        if keys.iter().any(|key| !key.is_empty()) {
            out += &format!(" {}", code(&keys.join(" ")));
        }
        out += "\n";
    }
    out + &others(rows)
}
