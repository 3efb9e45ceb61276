//! A plan as a page: one file that asks nobody for anything.
//!
//! What a reviewer must see stands in the page itself; the changes are data beside it, which the page's own script lays
//! out as they are looked at. Nothing else may run: the page names the hashes of its style and its script.

mod data;
pub mod drift;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::gutter::{self, Line};
use super::plan;
use super::report::{Deed, Report, Row};
use super::review;
use super::style::{Style, counted, visible};
use crate::diag::gathered;
use crate::eval::CheckStatus;
use crate::plan::digest;
use crate::review::finding::Severity;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// So many objects of one danger are named at the top.
const NAMED: usize = 50;

/// Tells a plan.
pub fn page(report: &Report<'_>) -> String {
    let rows = report.rows();
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    );
    let data = data::data(report, &rows);
    let main = [findings(report, &rows), dangers(report, &rows), changes(&rows), rest(report)];
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>Terrane plan</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#changes-title\">To the changes</a>\n{}<main>\n{}</main>\n{HELP}\
         <footer>Made by Terrane. Secrets are not shown.</footer>\n\
         <script id=\"data\" type=\"application/json\">{data}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        head(report, &rows),
        main.concat()
    )
}

const HELP: &str = "<dialog id=\"help\" aria-labelledby=\"help-title\"><h2 id=\"help-title\">Keys</h2><dl>\
<dt><kbd>/</kbd></dt><dd>search</dd><dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>next and last change</dd>\
<dt><kbd>o</kbd></dt><dd>open or close a change</dd><dt><kbd>?</kbd></dt><dd>this help</dd></dl>\
<form method=\"dialog\"><button>Close</button></form></dialog>\n";

/// Writes a text so that nothing in it is HTML.
pub(super) fn escape(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn head(report: &Report<'_>, rows: &[Row<'_>]) -> String {
    let mut counts = String::new();
    let mut count = |number: usize, what: &str| {
        counts += &format!("<li><b>{number}</b> {what}</li>\n");
    };
    for (deed, number) in report.deeds(rows) {
        count(number, &format!("to {}", deed.word()));
    }
    let conditional = report.conditional();
    count(rows.len().saturating_sub(conditional), "certain");
    count(conditional, "conditional");
    let line = match report.plan.is_empty() {
        true => "No changes.".to_string(),
        false => plan::summary_line(report.plan.counts()),
    };
    format!(
        "<header>\n<div class=\"top\"><h1>Terrane plan</h1><button type=\"button\" id=\"theme\">Dark</button>\
         <button type=\"button\" id=\"asks\" aria-label=\"Keys\">?</button></div>\n<p>{}</p>\n\
         <ul class=\"counts\">\n{counts}</ul>\n<p class=\"digest\">Digest: <code>{}</code></p>\n</header>\n",
        escape(&line),
        digest::digest(report.plan)
    )
}

fn findings(report: &Report<'_>, rows: &[Row<'_>]) -> String {
    let findings = report.findings();
    if findings.is_empty() {
        return String::new();
    }
    let mut out =
        String::from("<section aria-labelledby=\"policies\"><h2 id=\"policies\">Policies</h2>\n");
    let number = data::numbers(rows);
    for finding in findings {
        let mark = if finding.severity == Severity::Deny { " high" } else { "" };
        let of = finding.address.as_deref().map(|of| {
            let address = of.parse().ok();
            let at = address.as_ref().and_then(|address| number.get(&(address, None)));
            match at {
                Some(at) => format!(" <a href=\"#c{at}\" data-go=\"{at}\">{}</a>", escape(of)),
                None => format!(" <code>{}</code>", escape(of)),
            }
        });
        let of = of.unwrap_or_default();
        out += &format!(
            "<div class=\"danger{mark}\"><p><span class=\"kind\">{}</span> <code>{}</code>: {}{of}</p></div>\n",
            finding.severity.name(),
            escape(&finding.policy),
            escape(&finding.message)
        );
    }
    out + "</section>\n"
}

fn dangers(report: &Report<'_>, rows: &[Row<'_>]) -> String {
    let dangers = review::dangers(report.review);
    if dangers.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<section aria-labelledby=\"dangers\"><h2 id=\"dangers\">Dangers, the worst first</h2>\n",
    );
    let number = data::numbers(rows);
    for (risk, items) in dangers {
        let mark = if risk.kind.is_high() { " high" } else { "" };
        let perhaps = if risk.perhaps { "perhaps " } else { "" };
        out += &format!(
            "<div class=\"danger{mark}\"><p><span class=\"kind\">{perhaps}{}</span>: {}</p><ul>\n",
            risk.kind.name(),
            escape(&risk.why)
        );
        for item in items.iter().take(NAMED) {
            let name = escape(&item.address.to_string());
            let place = review::place(item.place, None, report.sources);
            let place = place.map(|place| linked(&place, report.link(item.place)));
            let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
            let key = (&item.address, item.deposed.as_deref());
            let name = match number.get(&key) {
                Some(at) => format!("<a href=\"#c{at}\" data-go=\"{at}\">{name}</a>"),
                None => name,
            };
            out += &format!("<li>{name}{place}</li>\n");
        }
        if items.len() > NAMED {
            out += &format!("<li>and {} more</li>\n", items.len() - NAMED);
        }
        out += "</ul></div>\n";
    }
    out + "</section>\n"
}

fn linked(place: &str, link: Option<String>) -> String {
    match link {
        Some(link) => {
            format!("<a href=\"{}\" rel=\"noreferrer\">{}</a>", escape(&link), escape(place))
        }
        None => format!("<code>{}</code>", escape(place)),
    }
}

fn changes(rows: &[Row<'_>]) -> String {
    let choose = |id: &str, name: &str, more: &str| {
        format!(
            "<label for=\"{id}\">{name}<select id=\"{id}\"><option value=\"\">all</option>{more}</select></label>\n"
        )
    };
    let risks = "<option value=\"(any)\">any</option><option value=\"(none)\">none</option>";
    let mut out = String::from(
        "<section aria-labelledby=\"changes-title\"><h2 id=\"changes-title\" tabindex=\"-1\">Changes</h2>\n\
         <form id=\"filters\" class=\"filters\" role=\"search\">\n\
         <label class=\"wide\" for=\"search\">Search<input id=\"search\" type=\"search\" autocomplete=\"off\" placeholder=\"address, attribute, value, file\"></label>\n",
    );
    out += &choose("by-action", "Action", "");
    out += &choose("by-risk", "Danger", risks);
    out += &choose("by-module", "Module", "");
    out += &choose("by-type", "Type", "");
    out += &choose("by-certainty", "Certainty", "");
    out += "</form>\n<div class=\"bar\"><p id=\"told\" role=\"status\"></p><p><button type=\"button\" id=\"expand\">Open all</button> \
            <button type=\"button\" id=\"fold\">Close all</button></p></div>\n<ol id=\"changes\"></ol>\n<p><button type=\"button\" id=\"more\" hidden>More</button></p>\n";
    let severe = rows.iter().filter(|row| row.is_severe());
    let severe = severe
        .map(|row| format!("<li>{} <code>{}</code></li>\n", row.deed.word(), escape(&row.name())));
    out += &format!(
        "<noscript><p>The list needs the page's script. What destroys or is dangerous:</p><ul>{}</ul></noscript>\n</section>\n",
        severe.collect::<String>()
    );
    if rows.iter().any(|row| row.deed != Deed::Move) {
        out += "<section class=\"order\" aria-labelledby=\"order\"><h2 id=\"order\">Order</h2>\n\
                <p class=\"soft\">What an arrow leads to waits for where it comes from. Of a large plan: what is next to the change that was opened last.</p>\n\
                <div id=\"graph\" class=\"graph\" tabindex=\"0\" role=\"group\" aria-label=\"Drawing of the order\"></div></section>\n";
    }
    out
}

/// Tells outputs, drift, checks and warnings.
fn rest(report: &Report<'_>) -> String {
    let style = Style { color: true, width: 100, ..Style::default() };
    let mut out = String::new();
    let outputs = gutter::lines(&plan::outputs(report.plan, style));
    out += &section("outputs", "Outputs", &pre(&outputs[outputs.len().min(2)..], "Outputs"));
    let drift = gutter::lines(&plan::drift(report.plan, report.schemas, style));
    let told = |line: &Line| !line.text.trim_start().starts_with('─');
    let drift: Vec<Line> = drift.into_iter().filter(told).collect();
    let open = |inside: String| {
        format!("<details><summary>Changed outside of Terrane</summary>{inside}</details>\n")
    };
    let drift = pre(&drift, "Drift");
    let drift = if drift.is_empty() { drift } else { open(drift) };
    out += &section("drift", "Drift", &drift);
    let failed = |status| matches!(status, CheckStatus::Fail | CheckStatus::Error);
    let mut checks = String::new();
    for check in report.plan.checks.iter().filter(|check| failed(check.status)) {
        let name = if check.address.is_empty() { &check.config_address } else { &check.address };
        let why = check.failures.join("; ");
        checks += &format!("<li><code>{}</code>: {}</li>\n", escape(name), escape(&why));
    }
    if !report.plan.checks.is_empty() {
        let bad = report.plan.checks.iter().filter(|check| failed(check.status)).count();
        let all = counted(report.plan.checks.len(), "check");
        checks = format!("<p>{all}, {bad} failed.</p><ul>{checks}</ul>\n");
        checks = checks.replace("<ul></ul>", "");
    }
    out += &section("checks", "Checks", &checks);
    let mut warnings = String::new();
    for problem in gathered(&report.plan.warnings) {
        let place = review::place(problem.span(), None, report.sources);
        let place = place.map(|place| linked(&place, report.link(problem.span())));
        let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
        warnings += &format!(
            "<div class=\"danger\"><p><span class=\"kind\">{}</span>{place}: {}</p></div>\n",
            escape(&problem.summary),
            escape(&problem.detail)
        );
    }
    out + &section("warnings", "Warnings", &warnings)
}

fn section(id: &str, title: &str, inside: &str) -> String {
    if inside.is_empty() {
        return String::new();
    }
    format!("<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{title}</h2>\n{inside}</section>\n")
}

fn pre(lines: &[Line], name: &str) -> String {
    if lines.iter().all(|line| line.text.trim().is_empty()) {
        return String::new();
    }
    let mut out =
        format!("<pre class=\"lines\" tabindex=\"0\" role=\"group\" aria-label=\"{name}\">");
    for line in lines {
        let (mark, symbol) = match line.symbol {
            '+' => ("add", '+'),
            '-' => ("cut", '-'),
            '!' => ("alter", '~'),
            other => ("", other),
        };
        out += &format!("<span class=\"{mark}\">{symbol}{}</span>", escape(&line.text));
    }
    out + "</pre>\n"
}

#[cfg(test)]
mod tests;
