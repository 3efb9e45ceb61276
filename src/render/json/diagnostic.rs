//! Problems as JSON, and the document of `validate -json`.

use serde_json::{Map, Value as Json, json};

use super::super::snippet::places;
use crate::diag::{BAD_BYTE, Diagnostic, Place, Severity, Sources, Span};

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
        if sources.is_seen(span.file) {
            out.insert("snippet".into(), snippet(problem, sources));
        }
    }
    if !problem.help.is_empty() {
        out.insert("help".into(), problem.help.iter().map(String::as_str).collect());
    }
    if !problem.also.is_empty() {
        out.insert("also".into(), problem.also.iter().map(String::as_str).collect());
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

/// Gives a place: file, and start and end with line, column and byte.
pub(in super::super) fn range(span: Span, sources: &Sources) -> Json {
    let (start, end) = places(span, sources);
    let place = |Place { line, column, byte }: Place| json!({ "line": line, "column": column, "byte": byte });
    json!({ "filename": sources.name(span.file), "start": place(start), "end": place(end) })
}

fn snippet(problem: &Diagnostic, sources: &Sources) -> Json {
    let Some(snippet) = super::super::snippet::snippet(problem, sources) else { return Json::Null };
    let values: Vec<Json> = problem
        .values
        .iter()
        .map(|(name, what)| json!({ "traversal": name, "statement": what }))
        .collect();
    let code = snippet.code.replace(BAD_BYTE, "\u{fffd}");
    let mut json = json!({
        "context": problem.context,
        "code": code,
        "start_line": snippet.first_line,
        "highlight_start_offset": snippet.bytes.start,
        "highlight_end_offset": snippet.bytes.end,
        "values": values,
    });
    if let Some((name, parameters)) = &problem.call {
        json["function_call"] = json!({ "called_as": name });
        let signature = parameters.as_ref().and_then(|_| super::functions::called(name));
        if let Some(signature) = signature {
            json["function_call"]["signature"] = signature;
        }
    }
    json
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
