//! Findings of drift as a page: one file that asks nobody for anything, without a script.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::super::drift::{is_quiet, summary, told_of, unread};
use super::super::report::Places;
use super::super::style::Style;
use super::{STYLE, escape};
use crate::diag::Sources;
use crate::drift::{Class, Finding, Report};

/// Tells findings.
pub fn drift(report: &Report, sources: &Sources, places: &Places) -> String {
    let style = Style::default();
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'"
    );
    let (quiet, told): (Vec<&Finding>, Vec<&Finding>) =
        report.findings.iter().partition(|finding| is_quiet(finding));
    let mut main = String::new();
    for (title, findings) in [("Drift", told), ("Nothing to decide", quiet)] {
        if findings.is_empty() {
            continue;
        }
        main += &format!("<section><h2>{title}</h2>\n");
        for finding in findings {
            main += &one(finding, sources, places, style);
        }
        main += "</section>\n";
    }
    let unread = unread(report);
    let notes: String = report
        .notes
        .iter()
        .chain(&unread)
        .map(|note| format!("<p>{}</p>\n", escape(note)))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>Terrane drift</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>Terrane drift</h1>\n<p>{}</p></header>\n<main>\n{main}{notes}</main>\n\
         <footer>Made by Terrane. Secrets are not shown.</footer>\n</body>\n</html>\n",
        escape(summary(report, style).trim())
    )
}

fn one(finding: &Finding, sources: &Sources, places: &Places, style: Style) -> String {
    let mark = if finding.class == Class::Person { " high" } else { "" };
    let place = finding.place.map(|span| {
        let name = escape(&sources.file_line(span));
        match places.link(sources.name(span.file), sources.start(span).line) {
            Some(link) => format!(" <a href=\"{}\">{name}</a>", escape(&link)),
            None => format!(" {name}"),
        }
    });
    let text = told_of(finding, sources, style);
    let text: Vec<String> = text.trim_end().lines().skip(1).map(escape).collect();
    format!(
        "<div class=\"danger{mark}\"><p><code>{}</code> <span class=\"kind\">{}, {}</span>{}</p>\n<pre>{}</pre></div>\n",
        escape(&finding.name()),
        finding.kind.word(),
        finding.class.word(),
        place.unwrap_or_default(),
        text.join("\n")
    )
}
