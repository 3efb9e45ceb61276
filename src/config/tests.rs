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
    let mut wrong = Vec::new();
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
            wrong.push(format!("{name}: missing {missing:?}, extra {extra:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
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

#[test]
fn wrong_blocks_are_told_as_terraform_tells_them() {
    for case in cases("blocks.json")["cases"].as_array().unwrap() {
        let files: Vec<(&str, &str)> = case["files"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str().unwrap()))
            .collect();
        let (_, problems, sources) = read(&files);
        let found: BTreeSet<String> =
            problems.iter().map(|problem| shown(problem, &sources)).collect();
        let lines = case["diagnostics"].as_array().unwrap();
        let expected: BTreeSet<String> =
            lines.iter().map(|line| line.as_str().unwrap().to_string()).collect();

        assert_eq!(found, expected, "{files:?}");
    }
}

fn cases(name: &str) -> serde_json::Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

#[test]
fn mistakes_are_told_as_terraform_tells_them() {
    let json = cases("mistakes.json");
    for case in json["cases"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        let (_, problems, sources) = read(&[("main.tf", text)]);
        let found: BTreeSet<String> =
            problems.iter().map(|problem| shown(problem, &sources)).collect();
        let lines = case["diagnostics"].as_array().unwrap();
        let expected: BTreeSet<String> =
            lines.iter().map(|line| line.as_str().unwrap().to_string()).collect();

        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn what_is_right_beside_a_mistake_is_read() {
    let (config, problems, _) = read(&[(
        "main.tf",
        "variable \"a\" {\n  default = [1 2]\n  type = list(number)\n}\noutput \"b\" {\n  value = 1\n}\n",
    )]);

    assert_eq!(problems.len(), 1);
    assert!(config.root.variables["a"].typed);
    assert!(config.root.outputs.contains_key("b"));
}

#[test]
fn override_files_change_what_the_others_declare() {
    let (config, problems, _) = read(&[
        ("main.tf", "locals {\n  a = 1\n  b = 2\n}\noutput \"o\" {\n  value = 1\n}\n"),
        ("x_override.tf", "locals {\n  b = 3\n}\noutput \"o\" {\n  sensitive = true\n}\n"),
        ("override.tf", "variable \"v\" {}\n"),
    ]);

    let summaries: Vec<_> = problems.iter().map(|problem| problem.summary.as_str()).collect();
    assert_eq!(summaries, ["Missing base variable declaration to override"]);
    assert!(config.root.outputs["o"].sensitive);
    assert!(matches!(
        &config.root.locals["b"].expr.kind,
        crate::syntax::tree::ExprKind::Number(digits) if digits == "3"
    ));
}

#[test]
fn json_files_say_the_same() {
    let (config, problems, _) = read(&[(
        "main.tf.json",
        r#"{"resource": {"a_b": {"c": {"count": 2, "x": "${var.v}-1", "lifecycle": {"ignore_changes": ["x"]},
           "depends_on": ["a_b.d"]}, "d": [{}]}}, "variable": {"v": {"type": "list(string)", "default": []}},
           "//": "a comment"}"#,
    )]);

    assert_eq!(problems, []);
    let key = (crate::addr::Mode::Managed, "a_b".to_string(), "c".to_string());
    let resource = &config.root.resources[&key];
    assert!(resource.count.is_some());
    assert!(
        matches!(&resource.lifecycle.ignore_changes, super::IgnoreChanges::Paths(paths) if paths.len() == 1)
    );
    assert_eq!(resource.depends_on[0].traversal().unwrap().len(), 2);
    assert_eq!(resource.body.attributes.len(), 1);
}

#[test]
fn a_module_that_contains_itself_is_refused() {
    let (_, problems, _) = read(&[("main.tf", "module \"a\" {\n  source = \"./\"\n}\n")]);

    assert_eq!(problems[0].summary, "Module contains itself");
}

#[test]
fn no_text_makes_the_reading_panic() {
    let seeds = [
        "resource \"a\" \"b\" {\n  x = \"${var.a[0].*.b}\"\n  y = <<-E\n  a%{ if x ~}\n b%{ endif }\n  E\n}\n",
        "locals {\n  a = { for k, v in x : k => v... if v }\n  b = [for i in [1.5e3] : -i]\n}\n",
        "variable \"é\" {\n  type = object({ a = optional(list(string), [\"\\u00e9\"]) })\n}\n",
    ];
    let pieces =
        ["\"", "${", "%{", "}", "{", "(", "[", "<<E\n", "\\", "~}", "\u{301}", "\r\n", ".", "..."];
    let mut state: u64 = 7;
    let mut next = |bound: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound.max(1)
    };
    for _ in 0..1500 {
        let mut text: Vec<char> = seeds[next(seeds.len())].chars().collect();
        for _ in 0..=next(3) {
            let at = next(text.len());
            match next(3) {
                0 => drop(text.remove(at)),
                1 => drop(text.splice(at..at, pieces[next(pieces.len())].chars())),
                _ => text.truncate(at.max(1)),
            }
        }
        let text: String = text.into_iter().collect();
        read(&[("main.tf", text.as_str()), ("b.tf.json", text.as_str())]);
        drop(crate::syntax::parse_expression(crate::diag::FileId(0), &text, 0));
        drop(crate::syntax::parse_template(crate::diag::FileId(0), &text));
    }
}

#[test]
fn depth_is_bounded() {
    for (open, close) in
        [("[", "]"), ("(", ")"), ("{a=", "}"), ("\"${", "}\""), ("-", ""), ("f(", ")")]
    {
        let text = format!("locals {{\n  a = {}1{}\n}}\n", open.repeat(3000), close.repeat(3000));
        let (_, problems, _) = read(&[("main.tf", &text)]);

        assert!(!problems.is_empty(), "{open}");
    }
}
