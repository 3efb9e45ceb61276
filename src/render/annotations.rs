//! A plan as workflow commands of GitHub Actions: notes beside the lines of a pull request.
//!
//! GitHub shows only the first ten of each level that a step prints: the worst come first.

use super::report::{Deed, Places, Report, Row};
use super::review;
use super::style::visible;
use crate::diag::{Diagnostic, Sources, Span, gathered};
use crate::review::Item;
use crate::review::finding::Severity;
use crate::review::risk::Risk;

/// Tells a plan, a line for each note.
pub fn annotations(report: &Report<'_>) -> String {
    let texts = (report.sources, report.places);
    let mut out = String::new();
    for finding in report.findings() {
        let level = if finding.severity == Severity::Deny { "error" } else { "warning" };
        let span = finding.address.as_ref().and_then(|address| report.span_of(address));
        let title = format!("Policy {}", finding.policy);
        let of = finding.address.as_ref().map(|of| format!("{of}: ")).unwrap_or_default();
        out += &command(&texts, level, span, &title, &format!("{of}{}", finding.message));
    }
    let rows = report.rows();
    let dangers = review::dangers(report.review);
    let (high, low): (Vec<_>, Vec<_>) =
        dangers.into_iter().partition(|(risk, _)| risk.kind.is_high());
    let danger = |level: &str, dangers: &[(&Risk, Vec<&Item>)]| -> String {
        let each =
            dangers.iter().flat_map(|(risk, items)| items.iter().map(move |item| (risk, item)));
        each.map(|(risk, item)| {
            let title = format!("{} of {}", risk.kind.name(), item.address);
            command(&texts, level, item.place, &title, &review::danger(risk))
        })
        .collect()
    };
    out += &danger("warning", &high);
    let severe = |row: &&Row<'_>| matches!(row.deed, Deed::Delete | Deed::Replace);
    for row in rows.iter().filter(severe) {
        let word = if row.deed == Deed::Delete { "destroyed" } else { "replaced" };
        let title = format!("{} will be {word}", row.name());
        let mut message = report.why(row);
        message.extend(row.condition());
        out += &command(&texts, "notice", row.change.span, &title, &message.join("\n"));
    }
    out += &danger("notice", &low);
    for problem in gathered(&report.plan.warnings) {
        out += &command(&texts, "warning", problem.span(), &problem.summary, &problem.detail);
    }
    out
}

/// Tells what is wrong where there is no plan.
pub fn problems(problems: &[Diagnostic], sources: &Sources, places: &Places) -> String {
    let one = |problem: &Diagnostic| {
        let level = if problem.is_error() { "error" } else { "warning" };
        let detail = &problem.detail;
        command(&(sources, places), level, problem.span(), &problem.summary, detail)
    };
    problems.iter().map(one).collect()
}

fn command(
    (sources, places): &(&Sources, &Places),
    level: &str,
    span: Option<Span>,
    title: &str,
    message: &str,
) -> String {
    let mut named = Vec::new();
    let span = span.filter(|span| sources.is_seen(span.file));
    if let Some(span) = span.filter(|span| !sources.name(span.file).is_empty()) {
        let file = places.file(sources.name(span.file));
        let (start, end) = (sources.start(span), sources.end(span));
        named.push(format!("file={}", property(&file)));
        named.push(format!("line={}", start.line));
        if end.line == start.line {
            named.push(format!("col={}", start.column));
            named.push(format!("endColumn={}", end.column.max(start.column)));
        } else {
            named.push(format!("endLine={}", end.line));
        }
    }
    named.push(format!("title={}", property(&visible(title))));
    let message = if message.is_empty() { title } else { message };
    format!("::{level} {}::{}\n", named.join(","), data(&visible(message)))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_begins_no_command() {
        assert_eq!(property("a:b,c%\n::x"), "a%3Ab%2Cc%25%0A%3A%3Ax");
        assert_eq!(data("50%\n::error::x"), "50%25%0A::error::x");
    }
}
