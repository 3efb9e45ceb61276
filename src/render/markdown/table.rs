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
    if without >= Without::Names {
        return by_block(rows, without);
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

/// Said where names are left out.
const TOO_MANY: &str = "\n_There are too many to be named one by one in a comment: the HTML page and the JSON name each._\n";

/// Names the severe changes by their block, with the keys of their instances.
fn by_block(rows: &[Row<'_>], without: Without) -> String {
    if without >= Without::Blocks {
        let (severe, left): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.is_severe());
        let mut out = counts("**What to look at before you approve**", &severe);
        if !left.is_empty() {
            out += &counts("The others", &left);
        }
        return out + TOO_MANY;
    }
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
        let named = without < Without::All && keys.iter().any(|key| !key.is_empty());
        if named {
            out += &format!(" {}", code(&keys.join(" ")));
        }
        out += "\n";
    }
    if without >= Without::All {
        out += TOO_MANY;
    }
    let left: Vec<&Row<'_>> = rows.iter().filter(|row| !row.is_severe()).collect();
    if !left.is_empty() {
        out += &counts("The others", &left);
    }
    out
}
