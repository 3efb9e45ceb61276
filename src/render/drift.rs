//! Findings as text: each object that is not as recorded or written, part by part, with who did it and what to do.
//!
//! What services do by themselves stands at the end, a line each: nobody must do anything about it.

use super::diff::{Diff, Spot};
use super::style::{Ink, Style, counted};
use crate::addr::Address;
use crate::diag::Sources;
use crate::drift::classify::earlier;
use crate::drift::{Acceptance, Attribute, Class, Edit, Finding, Kind, Remedy, Report};
use crate::providers::touch::Touch;

/// Tells findings.
pub fn text(report: &Report, sources: &Sources, style: &Style) -> String {
    let style = *style;
    let mut text = String::new();
    let (quiet, told): (Vec<&Finding>, Vec<&Finding>) =
        report.findings.iter().partition(|finding| is_quiet(finding));
    for finding in told {
        text += &told_of(finding, sources, style);
    }
    if !quiet.is_empty() {
        text += &style.paint(Ink::Bold, "Nothing to decide:");
        text.push('\n');
        for finding in quiet {
            text += &line_of(finding, style);
        }
        text.push('\n');
    }
    for ignored in &report.ignored {
        let place = sources.file_line(ignored.rule);
        let reason = match ignored.reason.as_str() {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        let line = format!("Ignored: {} ({place}{reason})\n", ignored.finding.name());
        text += &style.paint(Ink::Dim, &line);
    }
    for note in &report.notes {
        text += &format!("Note: {note}\n");
    }
    for (address, _) in report.unread.iter().take(UNREAD) {
        let line = format!("Not read: {address}");
        text += &format!("{}\n", style.paint(Ink::BoldRed, &line));
    }
    if let Some(more) = report.unread.len().checked_sub(UNREAD).filter(|more| *more > 0) {
        let line = format!("Not read: {more} more");
        text += &format!("{}\n", style.paint(Ink::BoldRed, &line));
    }
    if !(report.ignored.is_empty() && report.notes.is_empty() && report.unread.is_empty()) {
        text.push('\n');
    }
    text + &summary(report, style)
}

/// So many objects that could not be read are named on the terminal: why is told before, and the other renderings name all.
const UNREAD: usize = 20;

/// Tells what could not be read, a line each.
pub(super) fn unread(report: &Report) -> Vec<String> {
    report.unread.iter().map(|(address, why)| format!("Not read: {address}: {why}.")).collect()
}

/// Says whether nobody must decide anything about a finding.
pub fn is_quiet(finding: &Finding) -> bool {
    finding.class == Class::Service && finding.kind == Kind::Changed || finding.is_settled()
}

/// Gives the last line.
pub(super) fn summary(report: &Report, style: Style) -> String {
    let looked_at = counted(report.looked_at, "object");
    if report.findings.is_empty() {
        let head = match report.unread.is_empty() {
            true => style.paint(Ink::BoldGreen, "No drift."),
            false => style.paint(Ink::Bold, "No drift in what was read."),
        };
        let verb = if report.looked_at == 1 { "is" } else { "are" };
        return format!("{head} {looked_at} {verb} as saved.\n");
    }
    let head = style.paint(Ink::Bold, "Drift:");
    let kinds = Kind::ALL.into_iter().filter_map(|kind| match report.count(kind) {
        0 => None,
        count => Some(format!("{count} {}", kind.word())),
    });
    let kinds: Vec<String> = kinds.collect();
    let class = |class: Class| report.findings.iter().filter(|of| of.class == class).count();
    format!(
        "{head} {}, of {looked_at}; by people: {}, by services: {}, not known: {}.\n",
        kinds.join(", "),
        class(Class::Person),
        class(Class::Service),
        class(Class::Unknown)
    )
}

/// Tells one object.
pub fn told_of(finding: &Finding, sources: &Sources, style: Style) -> String {
    let word = match finding.kind {
        Kind::Changed => "has changed",
        Kind::Missing => "is gone",
        Kind::Replaced => "is another one",
        Kind::Unapplied => "is not as written",
        Kind::Unmanaged => "is not managed",
    };
    let place = finding.place.map(|span| format!(" ({})", sources.file_line(span)));
    let place = style.paint(Ink::Dim, &place.unwrap_or_default());
    let name = style.paint(Ink::Bold, &finding.name());
    let mut text = format!("{name} {word}{place}\n");
    let mut said: Option<usize> = None;
    for attribute in &finding.attributes {
        text += &told_part(finding, attribute, sources, style);
        if let (Some(touch), true) = (finding.touch(attribute), said != attribute.touch) {
            let who = told_by(touch, &earlier(finding, attribute));
            text += &style.paint(Ink::Dim, &format!("      {who}"));
            text.push('\n');
            said = attribute.touch;
        }
    }
    if said.is_none() {
        match finding.touches.iter().find(|touch| !touch.is_ours) {
            Some(touch) if finding.attributes.is_empty() => text += &format!("    {}\n", by(touch)),
            _ => {}
        }
    }
    for remedy in &finding.remedies {
        text += &told_remedy(remedy, style);
    }
    text + "\n"
}

fn told_part(finding: &Finding, attribute: &Attribute, sources: &Sources, style: Style) -> String {
    let diff = Diff { style, symbols: true, whole: false, replaces: &[] };
    // An edit that was not applied is told from what is to what is written.
    let (from, to) = match finding.kind {
        Kind::Unapplied => (&attribute.live, &attribute.configured),
        _ => (&attribute.recorded, &attribute.live),
    };
    let null = crate::value::Value::null(crate::value::Type::Any);
    let (from, to) = (from.as_ref().unwrap_or(&null), to.as_ref().unwrap_or(&null));
    let act = super::diff::act(Some(from), Some(to));
    let value = match act {
        super::diff::Act::Keep => diff.value(None, Some(to), &Spot::new(0)),
        _ => diff.value(Some(from), Some(to), &Spot::new(0)),
    };
    let place = attribute.place.map(|span| format!("  # {}", sources.file_line(span)));
    let mut notes = place.unwrap_or_default();
    if attribute.class == Class::Service {
        notes += if notes.is_empty() { "  # by the service" } else { ", by the service" };
    }
    if finding.kind != Kind::Unapplied && is_edited(attribute) {
        let written = attribute.configured.as_ref().unwrap_or(&null);
        let written = diff.value(None, Some(written), &Spot::new(0));
        notes += &format!("{} written: {written}", if notes.is_empty() { "  #" } else { ";" });
    }
    let notes = style.paint(Ink::Dim, &notes);
    format!("{}{} = {value}{notes}\n", diff.lead(0, act), attribute.path)
}

/// Says whether what is written is neither what was recorded nor what is live.
fn is_edited(attribute: &Attribute) -> bool {
    let plain = |side: &Option<crate::value::Value>| side.as_ref().map(|of| of.without_marks());
    let written = plain(&attribute.configured);
    written.is_some() && written != plain(&attribute.recorded) && written != plain(&attribute.live)
}

/// Tells an object about which nobody must decide anything, in a line.
fn line_of(finding: &Finding, style: Style) -> String {
    let diff = Diff { style, symbols: false, whole: false, replaces: &[] };
    let why =
        match (finding.is_settled(), finding.attributes.iter().find_map(|of| finding.touch(of))) {
            (true, _) => "as written; the next apply records it".to_string(),
            (false, Some(touch)) => by(touch),
            (false, None) => "by the service itself".into(),
        };
    let parts: Vec<String> = finding
        .attributes
        .iter()
        .map(|attribute| {
            let null = crate::value::Value::null(crate::value::Type::Any);
            let (from, to) = (&attribute.recorded, &attribute.live);
            let (from, to) = (from.as_ref().unwrap_or(&null), to.as_ref().unwrap_or(&null));
            let value = diff.value(Some(from), Some(to), &Spot::new(2));
            format!("      {} = {value}\n", attribute.path)
        })
        .collect();
    format!("  {}: {why}\n{}", finding.name(), parts.concat())
}

/// Says who did something, how and when.
pub(super) fn by(touch: &Touch) -> String {
    let when = touch.when.map(|when| format!(", {when:.0}")).unwrap_or_default();
    let agent = touch.agent.as_ref().map(|agent| format!(", with {agent}")).unwrap_or_default();
    format!("by {}: {}{when}{agent} ({})", touch.who, touch.how, touch.told_by.word())
}

/// Says who made a part so; of who touched the whole, who else may have.
pub(super) fn told_by(touch: &Touch, earlier: &[&Touch]) -> String {
    if earlier.is_empty() {
        return by(touch);
    }
    let others: Vec<&str> = earlier.iter().map(|touch| touch.who.as_str()).collect();
    format!("last changed {}; earlier by {}", by(touch), others.join(", "))
}

fn told_remedy(remedy: &Remedy, style: Style) -> String {
    match remedy {
        Remedy::Revert { command } => format!("    revert: {command}\n"),
        Remedy::Ignore { rule } => format!("    ignore: {rule}\n"),
        Remedy::Accept(Acceptance::Recorded { command }) => format!("    accept: {command}\n"),
        Remedy::Accept(Acceptance::Impossible { why }) => format!("    accept: {why}\n"),
        Remedy::Accept(Acceptance::Edits(edits)) => {
            edits.iter().map(|edit| told_edit(edit, style)).collect()
        }
    }
}

/// Tells what was written into the configuration, and what was not.
pub fn accepted(
    done: &[(Address, Vec<Edit>)],
    left: &[(Address, String)],
    style: &Style,
) -> String {
    let style = *style;
    let mut text = String::new();
    for (address, edits) in done {
        let name = style.paint(Ink::Bold, &address.to_string());
        text += &format!("{name} is accepted\n");
        text += &edits.iter().map(|edit| told_edit(edit, style)).collect::<String>();
        text.push('\n');
    }
    for (address, why) in left {
        let name = style.paint(Ink::Bold, &address.to_string());
        text += &format!("{name} is not accepted: {why}\n\n");
    }
    text
}

/// Tells an edit as a difference of lines.
fn told_edit(edit: &Edit, style: Style) -> String {
    let mut text = format!("    accept: {}:{}\n", edit.file, edit.line);
    for (sign, lines, ink) in [("-", &edit.before, Ink::Delete), ("+", &edit.after, Ink::Create)] {
        for line in lines {
            text += &format!("      {}\n", style.paint(ink, &format!("{sign} {line}")));
        }
    }
    text
}
