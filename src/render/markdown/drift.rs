//! Findings of drift as Markdown, for an issue or a pull request's comment.

use super::super::drift::{by, is_quiet, summary, told_of, unread};
use super::super::report::Places;
use super::super::style::{Style, counted};
use super::LONGEST;
use super::escape::{code, fence, text};
use crate::diag::Sources;
use crate::drift::{Finding, Report};

/// Tells findings. What does not fit is counted.
pub fn drift(report: &Report, sources: &Sources, places: &Places) -> String {
    let style = Style::default();
    let line = summary(report, style);
    let mut out = format!("### Terrane drift\n\n{}\n", text(line.trim()));
    let told: Vec<&Finding> = report.findings.iter().filter(|of| !is_quiet(of)).collect();
    if !told.is_empty() {
        out += "\n| object | is | by | where |\n|---|---|---|---|\n";
    }
    let mut missing = 0;
    for finding in &told {
        let row = row(finding, sources, places);
        if super::length(&out) + super::length(&row) > LONGEST / 2 {
            missing += 1;
            continue;
        }
        out += &row;
    }
    if missing > 0 {
        out += &format!("\n_{} more are not shown._\n", counted(missing, "object"));
    }
    let mut left = 0;
    for finding in &told {
        let details = details(finding, sources, style);
        if super::length(&out) + super::length(&details) > LONGEST {
            left += 1;
            continue;
        }
        out += &details;
    }
    if left > 0 {
        let what = counted(left, "object");
        out += &format!("\n_The details of {what} are left out: `terrane drift` has them._\n");
    }
    let quiet = report.findings.len() - told.len();
    if quiet > 0 {
        out += &format!("\nNothing to decide: {}.\n", counted(quiet, "object"));
    }
    let unread = unread(report);
    for note in report.notes.iter().chain(&unread) {
        out += &format!("\n_{}_\n", text(note));
    }
    out
}

fn row(finding: &Finding, sources: &Sources, places: &Places) -> String {
    let touch = finding.attributes.iter().find_map(|of| finding.touch(of));
    let touch = touch.or_else(|| finding.touches.iter().find(|touch| !touch.is_ours));
    let who = touch.map_or_else(|| finding.class.word().to_string(), by);
    let place = finding.place.map(|span| {
        let name = sources.file_line(span);
        match places.link(sources.name(span.file), sources.start(span).line) {
            Some(link) => format!("[{}]({link})", text(&name)),
            None => text(&name),
        }
    });
    format!(
        "| {} | {} | {} | {} |\n",
        code(&finding.name()),
        finding.kind.word(),
        text(&who),
        place.unwrap_or_default()
    )
}

fn details(finding: &Finding, sources: &Sources, style: Style) -> String {
    let told = told_of(finding, sources, style);
    let fence = fence(&told);
    format!(
        "\n<details><summary>{} {}</summary>\n\n{fence}diff\n{}\n{fence}\n\n</details>\n",
        code(&finding.name()),
        finding.kind.word(),
        told.trim_end()
    )
}
