//! Problems as JSON, and the document of `validate -json`.

use serde_json::{Map, Value as Json, json};

use crate::diag::{Diagnostic, Place, Severity, Sources, Span};

/// Gives a problem. What Terraform's form has no place for (`help`, further places) has members of its own.
pub fn diagnostic(problem: &Diagnostic, sources: &Sources) -> Json {
    let mut out = Map::new();
    let severity = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    out.insert("severity".into(), severity.into());
    out.insert("summary".into(), problem.summary.as_str().into());
    out.insert("detail".into(), problem.detail.as_str().into());
    if let Some(address) = &problem.address {
        out.insert("address".into(), address.as_str().into());
    }
    if let Some(span) = problem.span() {
        out.insert("range".into(), range(span, sources));
        out.insert("snippet".into(), snippet(problem, span, sources));
    }
    if !problem.help.is_empty() {
        out.insert("help".into(), problem.help.iter().map(String::as_str).collect());
    }
    let others: Vec<Json> = problem
        .labels
        .iter()
        .skip(1)
        .map(|label| json!({ "range": range(label.span, sources), "text": label.text }))
        .collect();
    if !others.is_empty() {
        out.insert("related".into(), others.into());
    }
    Json::Object(out)
}

fn range(span: Span, sources: &Sources) -> Json {
    let place = |Place { line, column, byte }: Place| json!({ "line": line, "column": column, "byte": byte });
    json!({
        "filename": sources.name(span.file),
        "start": place(sources.start(span)),
        "end": place(sources.end(span)),
    })
}

fn snippet(problem: &Diagnostic, span: Span, sources: &Sources) -> Json {
    let text = sources.text(span.file);
    let cut = |at: u32| {
        let mut at = (at as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (from, to) = (cut(span.start), cut(span.end.max(span.start)));
    let start = text[..from].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[to..].find('\n').map_or(text.len(), |newline| to + newline);
    let values: Vec<Json> = problem
        .values
        .iter()
        .map(|(name, what)| json!({ "traversal": name, "statement": what }))
        .collect();
    json!({
        "context": problem.context,
        "code": text[start..end].trim_end_matches('\r'),
        "start_line": sources.start(span).line,
        "highlight_start_offset": from - start,
        "highlight_end_offset": to - start,
        "values": values,
    })
}

/// Gives the document of `validate -json`.
pub fn validate(problems: &[Diagnostic], sources: &Sources) -> Json {
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let told: Vec<Json> = problems.iter().map(|problem| diagnostic(problem, sources)).collect();
    json!({
        "format_version": "1.0",
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": problems.len() - errors,
        "diagnostics": told,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_its_range_and_its_code() {
        let mut sources = Sources::default();
        let file = sources.add("main.tf", "a {\n  é = bad\n}\n");
        let problem =
            Diagnostic::error("S", "D.").at(Span::new(file, 11, 14), "").in_block("a").help("H.");

        let json = diagnostic(&problem, &sources);

        let expected = json!({
            "severity": "error", "summary": "S", "detail": "D.",
            "range": {
                "filename": "main.tf",
                "start": { "line": 2, "column": 7, "byte": 11 },
                "end": { "line": 2, "column": 10, "byte": 14 },
            },
            "snippet": {
                "context": "a", "code": "  é = bad", "start_line": 2,
                "highlight_start_offset": 7, "highlight_end_offset": 10, "values": [],
            },
            "help": ["H."],
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn a_configuration_with_warnings_only_is_valid() {
        let json = validate(&[Diagnostic::warning("S", "")], &Sources::default());

        assert_eq!((&json["valid"], &json["warning_count"]), (&json!(true), &json!(1)));
    }
}
