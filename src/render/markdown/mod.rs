//! A plan as Markdown, for the comment of a pull request.
//!
//! A comment has a limit. What does not fit is left out in the order of how little it would be missed, and it is said
//! what; what destroys, replaces or is highly dangerous is named as long as its names alone fit, and counted where they do not.

pub mod drift;
mod escape;
mod table;

use self::escape::{code, fence, text};
use super::gutter::{self, Line};
use super::plan;
use super::report::{Deed, Report, Row};
use super::review;
use super::style::{Style, counted};
use crate::diag::{Diagnostic, gathered};
use crate::eval::CheckStatus;
use crate::plan::digest;
use crate::review::finding::Severity;

/// The longest comment that is written, in UTF-16 units: a little less than services take.
pub const LONGEST: usize = 65_000;
/// The longest details of one change, in lines.
const LINES: usize = 300;
/// So many objects of one danger are named above the table, which has them all.
const NAMED: usize = 10;
/// The longest of the other parts at the end, in characters.
const TAIL: usize = 6_000;

/// What is left out where there is no room: each step leaves out what those before it do, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Without {
    Nothing,
    /// The details of what is made, read, taken in or let go.
    DetailsOfCreates,
    /// The details of what is changed in place.
    DetailsOfUpdates,
    /// The rows of what is not severe, which are counted.
    Rows,
    /// The details of what is severe.
    Details,
    /// Why and where in the rows, and the names above them.
    Reasons,
    /// The rows: names stand by their block.
    Names,
    /// The names of their own: they stand by their type, numbers in a row as one.
    Blocks,
    /// The names, which are counted by their type.
    All,
}

const STEPS: [Without; 9] = [
    Without::Nothing,
    Without::DetailsOfCreates,
    Without::DetailsOfUpdates,
    Without::Rows,
    Without::Details,
    Without::Reasons,
    Without::Names,
    Without::Blocks,
    Without::All,
];

/// Tells a plan.
pub fn plan(report: &Report<'_>) -> String {
    let rows = report.rows();
    let details: Vec<String> = rows.iter().map(|row| details(report, row)).collect();
    let mut told = String::new();
    for step in STEPS {
        told = whole(report, &rows, &details, step);
        if length(&told) <= LONGEST {
            return told;
        }
    }
    shortened(told)
}

/// Cuts what no leaving out has made short enough: behind a line, with a word about it.
fn shortened(told: String) -> String {
    const REST: &str = "\n\n_The rest is left out: the HTML page and the JSON have it._\n";
    let mut room = LONGEST - length(REST);
    let lines = told.split_inclusive('\n').take_while(|line| {
        let fits = length(line) <= room;
        room = room.saturating_sub(length(line));
        fits
    });
    lines.collect::<String>() + REST
}

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn whole(report: &Report<'_>, rows: &[Row<'_>], details: &[String], without: Without) -> String {
    let mut out = head(report, rows);
    out += &findings(report, without);
    out += &dangers(report, without);
    if !rows.is_empty() {
        out += "\n#### Changes\n\n";
        out += &table::changes(report, rows, without);
    }
    let told = rows.iter().zip(details).filter(|(row, _)| has_details(row, without));
    let told: String = told.map(|(_, details)| details.as_str()).collect();
    let missing = rows.iter().filter(|row| !has_details(row, without)).count();
    if !told.is_empty() {
        out += &format!("\n#### Details\n\n{told}");
    }
    if missing > 0 {
        let what = counted(missing, "change");
        out += &format!(
            "\n_The details of {what} are left out, as the comment would be too long: `terrane show` has them, and the HTML page._\n"
        );
    }
    out + &rest(report, without)
}

fn has_details(row: &Row<'_>, without: Without) -> bool {
    match (row.is_severe(), row.deed) {
        (true, _) => without < Without::Details,
        (false, Deed::Update) => without < Without::DetailsOfUpdates,
        (false, _) => without < Without::DetailsOfCreates,
    }
}

fn head(report: &Report<'_>, rows: &[Row<'_>]) -> String {
    let counts = report.plan.counts();
    if report.plan.is_empty() {
        return "### Terrane plan: no changes\n\nThe infrastructure matches the configuration.\n"
            .to_string();
    }
    let line = plan::summary_line(counts);
    let line = line.trim_start_matches("Plan: ").trim_end_matches('.');
    let mut out = format!("### Terrane plan: {line}\n\n");
    let conditional = report.conditional();
    let certain = rows.len().saturating_sub(conditional);
    out += &format!("**{certain} certain**, **{conditional} conditional**");
    let severe = rows.iter().filter(|row| row.is_severe()).count();
    if severe > 0 {
        out += &format!(", **{severe} to look at before you approve**");
    }
    out += &format!("\n\nDigest: `{}`\n", digest::digest(report.plan));
    out
}

/// Tells what policies say.
fn findings(report: &Report<'_>, without: Without) -> String {
    let findings = report.findings();
    if findings.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n#### Policies\n\n");
    let most = if without < Without::Reasons { 100 } else { 20 };
    for finding in findings.iter().take(most) {
        let sign = if finding.severity == Severity::Deny { "⛔" } else { "⚠️" };
        let of = finding.address.as_ref().map(|of| format!(" — {}", code(of))).unwrap_or_default();
        let (word, policy) = (finding.severity.name(), code(&finding.policy));
        let message = text(&cut(&finding.message, 500));
        out += &format!("- {sign} **{word}** {policy}: {message}{of}\n");
    }
    if findings.len() > most {
        out += &format!("- and {} more\n", findings.len() - most);
    }
    out
}

fn dangers(report: &Report<'_>, without: Without) -> String {
    let dangers = review::dangers(report.review);
    if dangers.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n#### Dangers, the worst first\n\n");
    for (risk, items) in dangers {
        let sign = if risk.kind.is_high() { "🔴" } else { "🟡" };
        let perhaps = if risk.perhaps { "perhaps " } else { "" };
        let (kind, why) = (risk.kind.name(), text(&risk.why));
        let count = counted(items.len(), "object");
        out += &format!("- {sign} **{perhaps}{kind}** ({count}): {why}\n");
        if without >= Without::Reasons {
            continue;
        }
        for item in items.iter().take(NAMED) {
            let place = review::place(item.place, None, report.sources);
            let place = place.map(|place| linked(&place, report.link(item.place)));
            let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
            out += &format!("  - {}{place}\n", code(&item.address.to_string()));
        }
        if items.len() > NAMED {
            let named = risk.kind.is_high() || without < Without::Rows;
            let below = if named { ", marked below" } else { "" };
            out += &format!("  - and {} more{below}\n", items.len() - NAMED);
        }
    }
    out
}

/// Writes a place as code, and as a link where it has an address.
pub(super) fn linked(place: &str, link: Option<String>) -> String {
    match link {
        Some(link) => format!("[{}]({link})", code(place)),
        None => code(place),
    }
}

fn details(report: &Report<'_>, row: &Row<'_>) -> String {
    let lines = report.details(row);
    let summary = format!("{} {}", row.deed.symbol(), row.name());
    folded(&summary, &lines)
}

/// Writes lines behind a summary that opens them.
fn folded(summary: &str, lines: &[Line]) -> String {
    let more = lines.len().saturating_sub(LINES);
    let mut body = String::new();
    for line in lines.iter().take(LINES) {
        body += format!("{}{}", line.symbol, cut(&line.text, 2_000)).trim_end();
        body += "\n";
    }
    if more > 0 {
        body += &format!("  … {} more\n", counted(more, "line"));
    }
    let fence = fence(&body);
    format!(
        "<details><summary>{}</summary>\n\n{fence}diff\n{body}{fence}\n\n</details>\n",
        code(summary)
    )
}

/// Cuts a text that is longer than that many characters, and says so.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => {
            let more = text[at..].chars().count();
            format!("{}… ({more} more characters)", &text[..at])
        }
        None => text.to_string(),
    }
}

/// Tells outputs, drift, checks and warnings.
fn rest(report: &Report<'_>, without: Without) -> String {
    let style = Style { color: true, width: 100, ..Style::default() };
    let mut out = String::new();
    let section = |title: &str, body: String, out: &mut String| {
        if !body.is_empty() {
            *out += &format!("\n#### {title}\n\n{body}");
        }
    };
    let painted = |text: &str, summary: &str| {
        let mut lines = gutter::lines(text);
        lines.retain(|line| !line.text.trim_start().starts_with('─'));
        let first = lines.iter().position(|line| !line.text.trim().is_empty());
        let (first, end) = (first.unwrap_or(lines.len()), lines.len());
        let mut room = TAIL;
        let fits = |line: &&Line| {
            room = room.saturating_sub(line.text.len().min(2_000) + 2);
            room > 0
        };
        let fitting = lines[first..end].iter().take_while(fits).count();
        let mut told = lines[first..first + fitting].to_vec();
        if first + fitting < end {
            let more = counted(end - first - fitting, "line");
            told.push(Line { symbol: ' ', text: format!(" … {more} more") });
        }
        folded(summary, &told)
    };
    let outputs = plan::outputs(report.plan, style);
    if !outputs.is_empty() && without < Without::Names {
        section("Outputs", painted(&outputs, "Changes to outputs"), &mut out);
    }
    let drift = plan::drift(report.plan, report.schemas, style);
    if !drift.is_empty() {
        let of = report.plan.drift.iter();
        let count = of.filter(|(address, drift)| report.plan.is_relevant(address, drift)).count();
        let summary = format!("{} changed outside of Terrane", counted(count, "object"));
        let body = match without < Without::Names {
            true => painted(&drift, &summary),
            false => summary + "\n",
        };
        section("Drift", body, &mut out);
    }
    section("Checks", checks(report), &mut out);
    section("Warnings", warnings(report), &mut out);
    out
}

fn checks(report: &Report<'_>) -> String {
    let mut out = String::new();
    let failed = |status| matches!(status, CheckStatus::Fail | CheckStatus::Error);
    for check in report.plan.checks.iter().filter(|check| failed(check.status)).take(20) {
        let name = if check.address.is_empty() { &check.config_address } else { &check.address };
        let why: Vec<String> = check.failures.iter().map(|why| text(&cut(why, 300))).collect();
        out += &format!("- ❌ {}: {}\n", code(name), why.join("; "));
    }
    let all = report.plan.checks.len();
    let open = |of: &&crate::eval::CheckResult| of.status == CheckStatus::Unknown;
    let unknown = report.plan.checks.iter().filter(open).count();
    let failing = report.plan.checks.iter().filter(|check| failed(check.status)).count();
    if all > 0 {
        let passed = all - unknown - failing;
        out += &format!("- {passed} passed, {failing} failed, {unknown} known after the apply\n");
    }
    out
}

fn warnings(report: &Report<'_>) -> String {
    const MOST: usize = 20;
    let problems = gathered(&report.plan.warnings);
    let one = |problem: &Diagnostic| {
        let place = review::place(problem.span(), None, report.sources);
        let place = place.map(|place| linked(&place, report.link(problem.span())));
        let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
        let detail = text(&cut(&problem.detail, 300));
        format!("- **{}**{place}: {detail}\n", text(&problem.summary))
    };
    let mut out: String = problems.iter().take(MOST).map(one).collect();
    if problems.len() > MOST {
        out += &format!("- and {} more\n", problems.len() - MOST);
    }
    out
}

#[cfg(test)]
mod tests;
