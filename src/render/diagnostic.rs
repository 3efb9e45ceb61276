//! Problems as text: the place, the code, the values that took part, and what to do; in a box, or plain.

use super::snippet::snippet;
use super::style::{Ink, Style, visible, wrap};
use crate::diag::{Diagnostic, Label, Severity, Sources};

/// Tells problems.
pub fn many(problems: &[Diagnostic], sources: &Sources, style: &Style) -> String {
    problems.iter().map(|problem| one(problem, sources, style)).collect()
}

/// Tells one problem: in its box, or behind an empty line where there are no boxes.
pub fn one(problem: &Diagnostic, sources: &Sources, style: &Style) -> String {
    let style = *style;
    let (word, ink, bar) = match problem.severity {
        Severity::Error => ("Error: ", Ink::BoldRed, Ink::Delete),
        Severity::Warning => ("Warning: ", Ink::BoldYellow, Ink::Update),
    };
    let summary = style.paint(Ink::Bold, &visible(&problem.summary));
    let mut text = format!("{}{summary}\n\n", style.paint(ink, word));
    text += &places(problem, sources, style);
    // The box takes two columns, and one is left free.
    let width = style.width.saturating_sub(if style.boxed { 3 } else { 1 }).max(20);
    if !problem.detail.is_empty() {
        text += &format!("{}\n", wrap(&visible(&problem.detail), width));
    }
    if !problem.also.is_empty() {
        text += &format!("\n{}\n", wrap(&visible(&also(&problem.also)), width));
    }
    if !problem.help.is_empty() && !text.ends_with("\n\n") {
        text += "\n";
    }
    for help in &problem.help {
        let help = wrap(&visible(&format!("help: {help}")), width.saturating_sub(2));
        text += &(help.replace('\n', "\n      ") + "\n");
    }
    if !style.boxed {
        return format!("\n{text}");
    }
    let side = style.paint(bar, "│");
    let mut out = style.paint(bar, "╷") + "\n";
    // A problem without a detail does not end in empty lines; but where it has nothing else, as with Terraform, in two.
    let alone = problem.labels.is_empty() && problem.address.is_none() && problem.help.is_empty();
    let text = match (problem.detail.is_empty(), alone) {
        (true, true) => format!("{}\n\n\n", text.trim_end()),
        (true, false) => text.trim_end().to_string(),
        (false, _) => text,
    };
    for line in text.lines() {
        let space = if line.is_empty() { "" } else { " " };
        out += &format!("{side}{space}{line}\n");
    }
    out + &style.paint(bar, "╵") + "\n"
}

/// Names the other instances that a problem concerns.
fn also(others: &[String]) -> String {
    const SHOWN: usize = 8;
    let named = others.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = match others.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("The same concerns {named}{more}.")
}

/// Tells warnings in a line each, with their places.
pub fn compact(problems: &[Diagnostic], sources: &Sources) -> String {
    let lines = problems.iter().map(|problem| {
        let place = problem.span().map(|span| {
            format!("  on {} line {}\n", sources.name(span.file), sources.start(span).line)
        });
        format!("- {}\n{}", problem.summary, place.unwrap_or_default())
    });
    format!(
        "\nWarnings:\n\n{}\nTo see the full warning notes, run Terrane without -compact-warnings.\n",
        lines.collect::<String>()
    )
}

fn places(problem: &Diagnostic, sources: &Sources, style: Style) -> String {
    let mut text = String::new();
    if let Some(address) = &problem.address {
        let comma = if problem.labels.is_empty() { "" } else { "," };
        text += &format!("  with {}{comma}\n", visible(address));
    }
    let Some(main) = problem.labels.first() else {
        let values = values(problem, style);
        let end = if text.is_empty() && values.is_empty() { "" } else { "\n" };
        return text + &values + end;
    };
    let context = problem.context.as_ref().map(|block| format!(", in {block}")).unwrap_or_default();
    text += &place(problem, main, "on", &visible(&context), sources, style);
    text += &values(problem, style);
    text += "\n";
    for other in problem.labels.iter().skip(1) {
        let shown = Diagnostic { labels: vec![other.clone()], around: None, ..problem.clone() };
        text += &place(&shown, other, "and", "", sources, style);
        text += "\n";
    }
    text
}

/// Gives the lines of a place with their numbers, the place itself underlined.
fn place(
    problem: &Diagnostic,
    label: &Label,
    word: &str,
    context: &str,
    sources: &Sources,
    style: Style,
) -> String {
    let name = visible(sources.name(label.span.file));
    let line = sources.start(label.span).line;
    let mut out = format!("  {word} {name} line {line}{context}:\n");
    let Some(snippet) = snippet(problem, sources) else {
        return out + "  (source code not available)\n";
    };
    let mut at = 0;
    for (number, line) in (snippet.first_line..).zip(snippet.code.split('\n')) {
        let inside = |place: usize| place.saturating_sub(at).min(line.len());
        let (left, right) = (inside(snippet.highlight.start), inside(snippet.highlight.end));
        let marked = style.paint(Ink::Under, &visible(&line[left..right]));
        out += &format!(
            "{number:>4}: {}{marked}{}\n",
            visible(&line[..left]),
            visible(&line[right..])
        );
        at += line.len() + 1;
    }
    if !label.text.is_empty() {
        out += &format!("        {}\n", visible(&label.text));
    }
    out
}

fn values(problem: &Diagnostic, style: Style) -> String {
    let call = match &problem.call {
        Some((name, Some(parameters))) => Some((name, parameters)),
        _ => None,
    };
    if problem.values.is_empty() && call.is_none() {
        return String::new();
    }
    let mut text = format!("    {}\n", style.paint(Ink::Dim, "├────────────────"));
    let side = style.paint(Ink::Dim, "│");
    if let Some((name, parameters)) = call {
        let name = style.paint(Ink::Bold, name);
        text += &format!("    {side} while calling {name}({})\n", parameters.join(", "));
    }
    for (name, what) in &problem.values {
        let name = style.paint(Ink::Bold, &visible(name));
        text += &format!("    {side} {name} {}\n", visible(what));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;

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

        let text = one(&problem, &sources, &Style { color: true, ..Style::default() });

        assert!(text.contains("\u{1b}[4mcolour\u{1b}[0m = local.red"), "{text:?}");
    }
}
