//! The language's conformance cases: what is said of a configuration that is checked, and that is planned anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;
use terrane::addr::Mode;
use terrane::config::{Config, Disk, Memory, load};
use terrane::diag::{Diagnostic, Sources};
use terrane::eval::{Answer, Asked, Evaluation, Evaluator, Inputs, Oracle, Schemas};
use terrane::schema::{Field, Given, Schema};
use terrane::value::{Kind, Type, Value};

/// The schemas of the built-in provider.
struct BuiltIn;

impl Schemas for BuiltIn {
    fn provider(&self, source: &str) -> Option<Arc<Schema>> {
        source.ends_with("/terraform").then(|| Arc::new(Schema::default()))
    }

    fn resource(&self, source: &str, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        self.provider(source)?;
        let field = |name: &str, ty, given| (name.to_string(), Field::attribute(ty, given));
        let fields = match (mode, type_name) {
            (Mode::Managed, "terraform_data") => BTreeMap::from([
                field("id", Type::String, Given::Service),
                field("input", Type::Any, Given::Optional),
                field("output", Type::Any, Given::Service),
                field("triggers_replace", Type::Any, Given::Optional),
            ]),
            (Mode::Data, "terraform_remote_state") => BTreeMap::from([
                field("backend", Type::String, Given::Required),
                field("config", Type::Any, Given::Optional),
                field("defaults", Type::Any, Given::Optional),
                field("outputs", Type::Any, Given::Service),
                field("workspace", Type::String, Given::Optional),
            ]),
            _ => return None,
        };
        Some(Arc::new(Schema { fields, ..Schema::default() }))
    }

    fn type_names(&self, _: &str, mode: Mode) -> Vec<String> {
        match mode {
            Mode::Managed => vec!["terraform_data".into()],
            Mode::Data => vec!["terraform_remote_state".into()],
            Mode::Ephemeral => Vec::new(),
        }
    }
}

/// Answers as if nothing existed yet.
struct Fresh;

impl Oracle for Fresh {
    fn object(&mut self, asked: &Asked<'_>) -> Answer {
        if asked.address.mode == Mode::Data {
            return Answer::Known(Value::unknown_not_null(asked.schema.ty()));
        }
        let config = &asked.instance.config;
        let input = config.field("input").cloned().unwrap_or(Value::null(Type::Any));
        let output = if input.is_null() { input } else { Value::unknown(input.ty()) };
        let planned = config.with_field("id", Value::unknown_not_null(Type::String));
        Answer::Known(planned.with_field("output", output))
    }
}

/// Answers that nothing is known.
struct Open;

impl Oracle for Open {
    fn object(&mut self, asked: &Asked<'_>) -> Answer {
        Answer::Known(Value::unknown_not_null(asked.schema.ty()))
    }
}

fn inputs(folder: &Path, validating: bool) -> Inputs {
    Inputs {
        workspace: "default".into(),
        home: Some("/nonexistent-home".into()),
        plan_time: jiff::Timestamp::from_second(1_700_000_000).ok(),
        cwd: folder.to_path_buf(),
        root: folder.to_path_buf(),
        validating,
        ..Inputs::default()
    }
}

fn evaluate(config: &Config, sources: &Sources, folder: &Path, validating: bool) -> Evaluation {
    let inputs = inputs(folder, validating);
    let mut evaluator = Evaluator::new(config, sources, &inputs, &BuiltIn);
    if validating { evaluator.evaluate(&mut Open) } else { evaluator.evaluate(&mut Fresh) }
}

/// Writes problems as the cases have them.
fn told(problems: &[Diagnostic], sources: &Sources) -> BTreeSet<String> {
    let one = |problem: &Diagnostic| {
        let place = problem.span().map(|span| {
            let (start, mut end) = (sources.start(span), sources.end(span));
            // An empty place covers one character.
            end.column += usize::from(span.end <= span.start);
            let name = sources.name(span.file);
            format!("{name}:{},{}-{},{}", start.line, start.column, end.line, end.column)
        });
        let kind = if problem.is_error() { "error" } else { "warning" };
        format!("{kind}: {} | {} | {}", problem.summary, problem.detail, place.unwrap_or_default())
    };
    problems.iter().map(one).collect()
}

fn wanted(list: Option<&Json>) -> BTreeSet<String> {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_string();
    let one = |problem: &Json| {
        let range = &problem["range"];
        let place = range["filename"].as_str().map(|name| {
            let at = |end: &str, what: &str| range[end][what].as_u64().unwrap_or(0);
            let (a, b) = (at("start", "line"), at("start", "column"));
            let (c, d) = (at("end", "line"), at("end", "column"));
            format!("{name}:{a},{b}-{c},{d}")
        });
        let (severity, summary) = (text(&problem["severity"]), text(&problem["summary"]));
        let place = place.unwrap_or_default();
        format!("{severity}: {summary} | {} | {place}", text(&problem["detail"]))
    };
    list.and_then(Json::as_array).into_iter().flatten().map(one).collect()
}

fn cases(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(folder);
    let entries = std::fs::read_dir(root).expect("the cases are part of the project");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    paths
}

fn json(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).expect("a case can be read");
    serde_json::from_str(&text).expect("a case is JSON")
}

/// Reads a file of expressions, one case a line. A line with a number beyond a float is left out: those are
/// held by the laws of numbers.
fn topic(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).expect("a case can be read");
    if let Ok(topic) = serde_json::from_str(&text) {
        return topic;
    }
    let line = |line: &str| serde_json::from_str::<Json>(line.trim().trim_end_matches(',')).ok();
    let cases: Vec<Json> =
        text.lines().filter_map(line).filter(|case| case.get("expr").is_some()).collect();
    serde_json::json!({ "cases": cases })
}

/// Compares what a case says with what is said; gives a report of the difference.
fn difference(name: &str, stage: &str, got: &BTreeSet<String>, want: &BTreeSet<String>) -> String {
    let mut report = String::new();
    for line in want.difference(got) {
        report.push_str(&format!("{name} ({stage})\n  - {line:?}\n"));
    }
    for line in got.difference(want) {
        report.push_str(&format!("{name} ({stage})\n  + {line:?}\n"));
    }
    report
}

/// Cases whose problems are told by another stage than evaluation, or otherwise, and why.
const OTHERWISE: &[(&str, &str)] = &[
    ("check_scoped_data", "told by the provider"),
    ("err_backend_unknown", "told by the backends"),
    (
        "err_provider_alias_missing",
        "missed where it is used, not as something that was there before",
    ),
    ("err_provider_missing_for_resource", "there is nothing to install"),
    ("import_missing_target", "told by the planner"),
    ("mod_source_not_found", "there is nothing to install"),
    ("moved_duplicate_from", "told by the planner"),
    ("moved_from_still_declared", "told by the planner"),
    ("remote_state_bad_config", "told by the provider"),
    ("remote_state_missing_file", "told by the provider"),
    ("workspace_invalid_name", "told by the command"),
];

/// Expressions whose result is another, and why.
const OTHER_RESULTS: &[(&str, &str)] = &[
    ("toset([[], [1]])", "sets of lists are in the order of their lengths"),
    ("yamldecode(\"a: [1\")", "the words of the reader"),
    ("<<EOT\nunterminated", "it ends with the text around it, which is another"),
    ("local.num >= 0", "more is known"),
];

fn is_otherwise(list: &[(&str, &str)], name: &str) -> bool {
    list.iter().any(|(known, _)| *known == name)
}

#[test]
fn a_checked_configuration_is_told_the_same_problems() {
    let mut report = String::new();
    let mut same = 0;
    for folder in cases("plans") {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().to_string();
        let expected = json(&folder.join("expected.json"));
        let Some(validate) = expected.get("validate").filter(|validate| validate.is_object())
        else {
            continue;
        };
        if is_otherwise(OTHERWISE, &name) {
            continue;
        }
        let mut sources = Sources::default();
        let (config, mut problems) = load(&folder, &mut sources, &Disk);
        if !terrane::diag::has_errors(&problems) {
            problems.extend(evaluate(&config, &sources, &folder, true).problems);
        }
        let found = difference(
            &name,
            "validate",
            &told(&problems, &sources),
            &wanted(validate.get("diagnostics")),
        );
        same += usize::from(found.is_empty());
        report.push_str(&found);
    }
    assert!(report.is_empty(), "{same} cases are the same, but:\n{report}");
}

#[test]
fn a_new_configuration_is_told_the_same_problems() {
    let mut report = String::new();
    let mut same = 0;
    for folder in cases("plans") {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().to_string();
        let (case, expected) =
            (json(&folder.join("case.json")), json(&folder.join("expected.json")));
        let given = case["args"].as_array().is_some_and(|arguments| !arguments.is_empty())
            || case["env"].as_object().is_some_and(|names| !names.is_empty());
        let has = |file: &str| folder.join(file).exists();
        let valid = expected["validate"]["valid"] == Json::Bool(true);
        if given
            || !valid
            || case["command"] != "plan"
            || has("terraform.tfstate")
            || has("terraform.tfvars")
        {
            continue;
        }
        let mut sources = Sources::default();
        let (config, mut problems) = load(&folder, &mut sources, &Disk);
        problems.extend(evaluate(&config, &sources, &folder, false).problems);
        let want = wanted(expected.get("diagnostics"));
        if is_otherwise(OTHERWISE, &name) {
            continue;
        }
        let found = difference(&name, "plan", &told(&problems, &sources), &want);
        same += usize::from(found.is_empty());
        report.push_str(&found);
    }
    assert!(report.is_empty(), "{same} cases are the same, but:\n{report}");
}

#[test]
fn expressions_give_the_same_values_and_problems() {
    let mut report = String::new();
    let mut same = 0;
    for path in cases("functions") {
        let topic = topic(&path);
        let name = path.file_stem().unwrap_or_default().to_string_lossy().to_string();
        let fixtures = Fixtures::new(topic.get("fixtures"));
        for case in topic["cases"].as_array().into_iter().flatten() {
            let expr = case["expr"].as_str().unwrap_or_default();
            if is_otherwise(OTHER_RESULTS, expr) {
                continue;
            }
            let got = fixtures.run(expr);
            let want = wanted_result(case);
            let panicked =
                case["detail"].as_str().is_some_and(|text| text.contains("<stack trace>"));
            if got == want || panicked || case.get("not_json").is_some() {
                same += 1;
            } else {
                report.push_str(&format!("{name}: {expr}\n  - {want}\n  + {got}\n"));
            }
        }
    }
    assert!(report.is_empty(), "{same} cases are the same, but:\n{report}");
}

/// The files next to the expressions of a topic.
struct Fixtures {
    folder: tempfile::TempDir,
    texts: BTreeMap<PathBuf, String>,
}

impl Fixtures {
    fn new(fixtures: Option<&Json>) -> Fixtures {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut texts = BTreeMap::new();
        for (path, text) in fixtures.and_then(Json::as_object).into_iter().flatten() {
            let at = folder.path().join(path);
            std::fs::create_dir_all(at.parent().expect("a file has a folder"))
                .expect("a folder can be made");
            match text.as_str() {
                Some(text) => {
                    std::fs::write(&at, text).expect("a file can be written");
                    texts.insert(folder.path().join(path), text.to_string());
                }
                None => {
                    use base64::Engine as _;
                    let bytes = text["base64"].as_str().unwrap_or_default();
                    let bytes = base64::engine::general_purpose::STANDARD.decode(bytes);
                    std::fs::write(&at, bytes.unwrap_or_default()).expect("a file can be written");
                }
            }
        }
        Fixtures { folder, texts }
    }

    fn run(&self, expr: &str) -> String {
        let mut files = self.texts.clone();
        files.insert(self.folder.path().join("main.tf"), format!("locals {{\n  v = {expr}\n}}\noutput \"v\" {{\n  value = local.v\n sensitive = true\n}}\n"));
        let mut sources = Sources::default();
        let (config, problems) = load(self.folder.path(), &mut sources, &Memory(files));
        let errors: Vec<Diagnostic> = problems.into_iter().filter(Diagnostic::is_error).collect();
        if let Some(first) = errors.first() {
            return failure(first, &sources);
        }
        let evaluation = evaluate(&config, &sources, self.folder.path(), false);
        if let Some(first) = evaluation.problems.iter().find(|problem| problem.is_error()) {
            return failure(first, &sources);
        }
        match evaluation.desired.outputs.get("v") {
            Some(output) => {
                format!("{} {}", rounded(&shown(&output.value)), unknowns(&output.value))
            }
            None => "no value".into(),
        }
    }
}

/// Writes a problem with its place counted from the expression's first byte.
fn failure(problem: &Diagnostic, sources: &Sources) -> String {
    let at = problem.span().map(|span| {
        let start = sources.text(span.file).find("v = ").unwrap_or(0) + 4;
        let count = |offset: u32| i64::from(offset) - i64::try_from(start).unwrap_or(0);
        format!("[{},{}]", count(span.start), count(span.end.max(span.start + 1)))
    });
    // The only other name that there is stands around the expression, and is no part of the case.
    let detail = problem.detail.replace(" Did you mean \"v\"?", "");
    format!("{} | {detail} | {}", problem.summary, at.unwrap_or_default())
}

/// Writes what is known: unknown fields are left out, unknown elements are null.
fn shown(value: &Value) -> Json {
    match value.kind() {
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            parts.iter().map(shown).collect()
        }
        Kind::Map(_, fields) | Kind::Object(fields) => {
            let inner = fields.iter().filter(|(_, part)| part.is_known());
            Json::Object(inner.map(|(name, part)| (name.to_string(), shown(part))).collect())
        }
        _ => terrane::value::json::to_json(&value.without_marks()),
    }
}

fn unknowns(value: &Value) -> Json {
    if value.is_whole() { Json::Bool(false) } else { unknown_parts(value) }
}

fn unknown_parts(value: &Value) -> Json {
    match value.kind() {
        Kind::Unknown(..) => Json::Bool(true),
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            parts.iter().map(unknown_parts).collect()
        }
        Kind::Map(_, fields) | Kind::Object(fields) => {
            let inner = fields.iter().map(|(name, part)| (name.to_string(), unknown_parts(part)));
            Json::Object(inner.filter(|(_, part)| *part != Json::Bool(false)).collect())
        }
        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => Json::Bool(false),
    }
}

/// Writes JSON with numbers to as many digits as a float surely has.
fn rounded(json: &Json) -> Json {
    match json {
        Json::Number(number) => {
            Json::String(format!("{:.11e}", number.as_f64().unwrap_or(0.0) + 0.0))
        }
        Json::Array(parts) => parts.iter().map(rounded).collect(),
        Json::Object(fields) => {
            Json::Object(fields.iter().map(|(name, part)| (name.clone(), rounded(part))).collect())
        }
        Json::Null | Json::Bool(_) | Json::String(_) => json.clone(),
    }
}

fn wanted_result(case: &Json) -> String {
    if let Some(summary) = case["error"].as_str() {
        return format!(
            "{summary} | {} | [{},{}]",
            case["detail"].as_str().unwrap_or_default(),
            case["at"][0],
            case["at"][1]
        );
    }
    if case.get("after_unknown").is_some() {
        return format!("{} {}", rounded(&case["after"]), case["after_unknown"]);
    }
    format!("{} false", rounded(&case["result"]))
}
