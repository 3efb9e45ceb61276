//! Laws of loading, and the conformance cases whose diagnostics come from it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::diag::{Diagnostic, Severity, Sources};

use super::{Config, Disk, Memory, load};

fn read(files: &[(&str, &str)]) -> (Config, Vec<Diagnostic>, Sources) {
    let files = files.iter().map(|(name, text)| (PathBuf::from("/w").join(name), text.to_string()));
    let mut sources = Sources::default();
    let (config, problems) = load(Path::new("/w"), &mut sources, &Memory(files.collect()));
    (config, problems, sources)
}

/// A diagnostic as the cases write it.
fn shown(problem: &Diagnostic, sources: &Sources) -> String {
    let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
    let place = problem.span().map(|span| {
        let (start, mut end) = (sources.start(span), sources.end(span));
        // Terraform shows an empty range as one character.
        end.column += usize::from(span.start >= span.end);
        let file = sources.name(span.file);
        format!("{file}:{}.{}-{}.{}", start.line, start.column, end.line, end.column)
    });
    let place = place.unwrap_or_default();
    format!("{severity} | {} | {} | {place}", problem.summary, problem.detail)
}

fn expected(case: &serde_json::Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for problem in case["diagnostics"].as_array().into_iter().flatten() {
        let text = |key: &str| problem[key].as_str().unwrap_or("");
        let range = &problem["range"];
        let at = |side: &str| format!("{}.{}", range[side]["line"], range[side]["column"]);
        let place = range["filename"]
            .as_str()
            .map(|file| format!("{file}:{}-{}", at("start"), at("end")))
            .unwrap_or_default();
        let (severity, summary, detail) = (text("severity"), text("summary"), text("detail"));
        found.insert(format!("{severity} | {summary} | {detail} | {place}"));
    }
    found
}

#[test]
fn conformance() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/plans");
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let elsewhere = |name: &str| {
        let others = [
            // A kind of backend, a lock, a workspace, a provider: found out later.
            "err_backend_unknown",
            "err_provider_missing_for_resource",
            "state_newer_version",
            "workspace_invalid_name",
            // Defaults are compared with their types by the evaluator.
            "var_any_list_unify",
            "var_type_errors",
            // There is no folder of installed modules; the message says what is missing.
            "mod_source_not_found",
        ];
        others.contains(&name)
    };
    let mut wrong = 0;
    for case in names {
        let name = case.file_name().and_then(|name| name.to_str()).unwrap();
        if elsewhere(name) {
            continue;
        }
        let text = std::fs::read_to_string(case.join("expected.json")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut sources = Sources::default();
        let (_, problems) = load(&case, &mut sources, &Disk);
        let found: BTreeSet<String> =
            problems.iter().map(|problem| shown(problem, &sources)).collect();
        let expected = expected(&json);
        let init = json["init_exit"].as_i64() == Some(0);
        let missing: Vec<_> = expected.difference(&found).filter(|_| !init).collect();
        let extra: Vec<_> = found.difference(&expected).collect();
        if !missing.is_empty() || !extra.is_empty() {
            wrong += 1;
            eprintln!("== {}", name);
            missing.iter().for_each(|text| eprintln!("  missing {text}"));
            extra.iter().for_each(|text| eprintln!("  extra   {text}"));
        }
    }
    assert_eq!(wrong, 0);
}

#[test]
fn a_configuration_is_read_with_its_modules() {
    let (config, problems, _) = read(&[
        ("main.tf", "module \"a\" {\n  source = \"./m\"\n  v = 1\n}\nlocals { x = 1 }\n"),
        ("m/main.tf", "variable \"v\" { type = object({ a = optional(string, \"x\") }) }\n"),
    ]);

    assert_eq!(problems, []);
    let call = &config.root.calls["a"];
    assert_eq!(call.module.folder, Path::new("m"));
    assert_eq!(call.module.path, ["a"]);
    assert!(call.module.variables["v"].typed);
}
