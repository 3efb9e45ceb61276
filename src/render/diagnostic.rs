//! Problems as text: a box with the place, the code, the values that took part, and what to do.

use super::style::{Ink, Style, wrap};
use crate::diag::{Diagnostic, Label, Severity, Sources, Span};

/// How many lines of code are shown of one place.
const LINES: usize = 6;

/// Tells problems, each in its box.
pub fn many(problems: &[Diagnostic], sources: &Sources, style: &Style) -> String {
    problems.iter().map(|problem| one(problem, sources, style)).collect()
}

/// Tells one problem in its box.
pub fn one(problem: &Diagnostic, sources: &Sources, style: &Style) -> String {
    let style = *style;
    let (word, ink, bar) = match problem.severity {
        Severity::Error => ("Error: ", Ink::BoldRed, Ink::Delete),
        Severity::Warning => ("Warning: ", Ink::BoldYellow, Ink::Update),
    };
    let mut text =
        format!("{}{}\n", style.paint(ink, word), style.paint(Ink::Bold, &problem.summary));
    text += &places(problem, sources, style);
    let width = style.width.saturating_sub(2).max(20);
    if !problem.detail.is_empty() {
        text += &format!("\n{}\n", wrap(problem.detail.trim_end(), width));
    }
    if !problem.help.is_empty() {
        text += "\n";
    }
    for help in &problem.help {
        let help = wrap(&format!("help: {help}"), width.saturating_sub(2));
        text += &(help.replace('\n', "\n      ") + "\n");
    }
    let side = style.paint(bar, "│");
    let mut out = style.paint(bar, "╷") + "\n";
    for line in text.lines() {
        let space = if line.is_empty() { "" } else { " " };
        out += &format!("{side}{space}{line}\n");
    }
    out + &style.paint(bar, "╵") + "\n"
}

fn places(problem: &Diagnostic, sources: &Sources, style: Style) -> String {
    let mut text = String::new();
    if let Some(address) = &problem.address {
        let comma = if problem.labels.is_empty() { "" } else { "," };
        text += &format!("\n  with {address}{comma}\n");
    }
    let Some((main, others)) = problem.labels.split_first() else {
        return text + &values(problem, style);
    };
    let new_line = if text.is_empty() { "\n" } else { "" };
    let context = problem.context.as_ref().map(|block| format!(", in {block}")).unwrap_or_default();
    let start = sources.start(main.span);
    text +=
        &format!("{new_line}  on {} line {}{context}:\n", sources.name(main.span.file), start.line);
    text += &code(main, sources, style);
    text += &values(problem, style);
    for other in others {
        let start = sources.start(other.span);
        text += &format!("\n  and {} line {}:\n", sources.name(other.span.file), start.line);
        text += &code(other, sources, style);
    }
    text
}

fn values(problem: &Diagnostic, style: Style) -> String {
    if problem.values.is_empty() {
        return String::new();
    }
    let mut text = format!("    {}\n", style.paint(Ink::Dim, "├────────────────"));
    for (name, what) in &problem.values {
        let side = style.paint(Ink::Dim, "│");
        text += &format!("    {side} {} {what}\n", style.paint(Ink::Bold, name));
    }
    text
}

/// Gives the lines of a place with their numbers, the place itself underlined.
fn code(label: &Label, sources: &Sources, style: Style) -> String {
    let Span { file, start: from, end: to } = label.span;
    let (first, last) = (sources.start(label.span).line, sources.end(label.span).line);
    let text = sources.text(file);
    let mut offset = text.split_inclusive('\n').take(first.saturating_sub(1)).map(str::len).sum();
    let mut out = String::new();
    let rest = text.get(offset..).unwrap_or("");
    for (number, line) in (first..=last.min(first + LINES - 1)).zip(rest.split_inclusive('\n')) {
        let shown = line.trim_end_matches(['\n', '\r']);
        let cut = |at: usize| {
            let mut at = at.saturating_sub(offset).min(shown.len());
            while !shown.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (left, right) = (cut(from as usize), cut(to as usize));
        let marked = format!(
            "{}{}{}",
            &shown[..left],
            style.paint(Ink::Under, &shown[left..right.max(left)]),
            &shown[right.max(left)..]
        );
        out += &format!("{number:>4}: {marked}\n");
        offset += line.len();
    }
    if last >= first + LINES {
        out += "    ...\n";
    }
    if !label.text.is_empty() {
        out += &format!("        {}\n", label.text);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> (Sources, Span) {
        let mut sources = Sources::default();
        let text = "resource \"a\" \"b\" {\n  x = 1\n  colour = local.red\n}\n";
        let file = sources.add("main.tf", text);
        let start = text.find("colour").unwrap();
        (sources, Span::new(file, start, start + 6))
    }

    #[test]
    fn a_problem_is_a_box_with_place_code_values_and_help() {
        let (sources, span) = sources();
        let mut problem = Diagnostic::error(
            "Unsupported argument",
            "An argument named \"colour\" is not expected here.",
        )
        .at(span, "")
        .in_block("resource \"a\" \"b\"")
        .help("Did you mean \"color\"?");
        problem.values.push(("local.red".into(), "is a string".into()));

        let text = one(&problem, &sources, &Style::default());

        let expected = "╷
│ Error: Unsupported argument
│
│   on main.tf line 3, in resource \"a\" \"b\":
│    3:   colour = local.red
│     ├────────────────
│     │ local.red is a string
│
│ An argument named \"colour\" is not expected here.
│
│ help: Did you mean \"color\"?
╵
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_problem_without_a_place_names_its_instance() {
        let problem = Diagnostic::warning("Slow", "").about("a.b[0]");

        let text = one(&problem, &Sources::default(), &Style::default());

        assert_eq!(text, "╷\n│ Warning: Slow\n│\n│   with a.b[0]\n╵\n");
    }

    #[test]
    fn the_place_is_underlined_where_colours_are_used() {
        let (sources, span) = sources();
        let problem = Diagnostic::error("x", "").at(span, "");

        let text = one(&problem, &sources, &Style { color: true, width: 80 });

        assert!(text.contains("\u{1b}[4mcolour\u{1b}[0m = local.red"), "{text:?}");
    }
}
