//! The changes as the page's script takes them.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::addr::{Address, module_text};
use crate::render::diff::{Act, Diff, Spot};
use crate::render::gutter::{self, Line};
use crate::render::loose::loosened;
use crate::render::report::{Report, Row};
use crate::render::review;
use crate::render::style::{Style, visible};
use crate::review::Part;
use crate::value::Value;

/// Gives the changes as JSON that nothing in it ends the element it stands in.
pub(super) fn data(report: &Report<'_>, rows: &[Row<'_>]) -> String {
    let needs = needs(report, rows);
    let rows: Vec<Json> =
        rows.iter().zip(needs).map(|(row, needs)| of_row(report, row, needs)).collect();
    let text = json!({ "rows": rows }).to_string();
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for character in text.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", character as u32));
            }
            other => out.push(other),
        }
    }
    out
}

/// Numbers the changes by what they are of.
pub(super) fn numbers<'a>(rows: &[Row<'a>]) -> BTreeMap<(&'a Address, Option<&'a str>), usize> {
    rows.iter().enumerate().map(|(at, row)| ((row.address, row.deposed), at)).collect()
}

/// Gives the numbers of the changes that each waits for.
fn needs(report: &Report<'_>, rows: &[Row<'_>]) -> Vec<Vec<usize>> {
    let numbers = numbers(rows);
    let mut needs = vec![Vec::new(); rows.len()];
    for (action, waits) in report.plan.order.each() {
        let Some(own) = numbers.get(&(&action.address, action.deposed.as_deref())) else {
            continue;
        };
        for need in waits {
            let other = numbers.get(&(&need.address, need.deposed.as_deref()));
            needs[*own].extend(other.filter(|other| *other != own));
        }
    }
    for own in &mut needs {
        own.sort_unstable();
        own.dedup();
    }
    needs
}

fn of_row(report: &Report<'_>, row: &Row<'_>, needs: Vec<usize>) -> Json {
    let mut out = Map::new();
    let mut put = |name: &str, value: Json| {
        out.insert(name.into(), value);
    };
    put("n", visible(&row.name()).into());
    put("w", row.deed.word().into());
    put("s", row.deed.symbol().into());
    put("m", module_text(&row.address.module).into());
    put("t", row.address.type_name.as_str().into());
    put("c", row.certainty().into());
    if let Some(place) = report.place(row) {
        put("p", visible(&place).into());
    }
    if let Some(link) = report.link(row.change.span) {
        put("u", link.into());
    }
    if let Some(condition) = row.condition() {
        put("q", visible(&condition).into());
    }
    if let Some(group) = report.group {
        put("g", group.of(row.address, row.item).1.into());
    }
    put("y", report.why(row).iter().map(|why| Json::from(visible(why))).collect());
    let risks = row.risks().iter().map(|risk| {
        let why = review::danger(risk);
        let why = why.split_once(": ").map_or(why.as_str(), |(_, why)| why);
        let perhaps = if risk.perhaps { " (perhaps)" } else { "" };
        json!({ "k": risk.kind.name(), "w": format!("{}{perhaps}", visible(why)), "h": risk.kind.is_high() })
    });
    put("r", risks.collect());
    let calls = row.item.map(|item| &item.calls[..]).unwrap_or_default();
    let calls = calls.iter().filter_map(|span| review::place(Some(*span), None, report.sources));
    put("l", calls.map(Json::from).collect());
    let parts = row.item.map(|item| &item.parts[..]).unwrap_or_default();
    put("a", parts.iter().map(|part| of_part(report, part)).collect());
    put("d", lines(&report.details(row)));
    put("x", needs.into());
    Json::Object(out)
}

fn lines(lines: &[Line]) -> Json {
    lines.iter().map(|line| Json::from(format!("{}{}", line.symbol, line.text))).collect()
}

fn of_part(report: &Report<'_>, part: &Part) -> Json {
    let mut out = Map::new();
    out.insert("n".into(), visible(&part.of.path.to_string()).into());
    let [before, after] = [&part.of.before, &part.of.after].map(|side| side.as_ref().map(told));
    let long = |side: &Option<String>| side.as_ref().is_some_and(|text| text.contains('\n'));
    if long(&before) || long(&after) {
        out.insert("d".into(), lines(&differing(part)));
    } else {
        for (name, side) in [("b", before), ("a", after)] {
            if let Some(text) = side {
                out.insert(name.into(), text.into());
            }
        }
    }
    if let Some(place) = review::place(part.place, None, report.sources) {
        out.insert("p".into(), visible(&place).into());
    }
    if let Some(link) = report.link(part.place) {
        out.insert("u".into(), link.into());
    }
    let causes =
        part.causes.iter().filter_map(|cause| review::of_cause(part, cause, report.sources));
    out.insert("y".into(), causes.map(|cause| Json::from(visible(&cause))).collect());
    Json::Object(out)
}

fn told(value: &Value) -> String {
    let diff = Diff { style: Style::default(), symbols: false, whole: true, replaces: &[] };
    visible(&diff.one(value, Act::Keep, 0))
}

fn differing(part: &Part) -> Vec<Line> {
    let style = Style { color: true, width: 100, ..Style::default() };
    let diff = Diff { style, symbols: true, whole: false, replaces: &[] };
    let [before, after] = [&part.of.before, &part.of.after].map(|side| side.as_ref().map(loosened));
    gutter::lines(&diff.value(before.as_deref(), after.as_deref(), &Spot::loose(0)))
}
