//! What is said of configurations with mistakes, to the letter: the JSON of each problem, and the text.
//!
//! The cases are those of `conformance/diagnostics`, captured from Terraform's `validate` and `plan`. What is
//! known to be said otherwise stands in `conformance/diagnostics/differences.txt` with its reason, and must go
//! on to be said otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde_json::Value as Json;
use terrane::cli::{self, Environment, Screen};

/// The files of cases.
const TOPICS: [&str; 8] = [
    "expressions.json",
    "syntax.json",
    "partial.json",
    "configuration.json",
    "json.json",
    "dynamic.json",
    "providers.json",
    "variables.json",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/diagnostics")
}

fn topic(name: &str) -> Vec<Json> {
    let text = fs::read_to_string(folder().join(name)).expect("the cases are part of the project");
    let json: Json = serde_json::from_str(&text).expect("the cases are JSON");
    json["cases"].as_array().cloned().expect("a topic has cases")
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json[name].as_str().unwrap_or_default()
}

/// A case's files in a folder of their own.
struct Case {
    inside: tempfile::TempDir,
    arguments: Vec<String>,
    variables: BTreeMap<String, String>,
}

impl Case {
    fn new(case: &Json) -> Case {
        let inside = tempfile::tempdir().expect("a folder can be made");
        for (name, content) in case["files"].as_object().expect("a case has files") {
            let path = inside.path().join(name);
            fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
            let bytes = match content.as_str() {
                Some(text) => text.as_bytes().to_vec(),
                None => base64::engine::general_purpose::STANDARD
                    .decode(text(content, "base64"))
                    .expect("bytes are in base 64"),
            };
            fs::write(path, bytes).expect("a file can be written");
        }
        let planned = text(case, "command") == "plan";
        let command = if planned { "plan" } else { "validate" };
        let strings = |json: &Json| json.as_str().unwrap_or_default().to_string();
        let arguments = std::iter::once(command.to_string())
            .chain(case["args"].as_array().into_iter().flatten().map(strings))
            .collect();
        let variables = case["env"].as_object().into_iter().flatten();
        let variables = variables.map(|(name, value)| (name.clone(), strings(value))).collect();
        Case { inside, arguments, variables }
    }

    /// Runs the case's command; gives what was printed to both.
    fn run(&self, more: &str) -> (String, String) {
        let environment = Environment {
            variables: self.variables.clone(),
            cwd: self.inside.path().to_owned(),
            home: Some("/nonexistent-home".into()),
            ..Environment::default()
        };
        let arguments: Vec<String> = std::iter::once("terrane".to_string())
            .chain(self.arguments.iter().cloned())
            .chain((!more.is_empty()).then(|| more.to_string()))
            .collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut screen = Screen {
            out: &mut out,
            err: &mut err,
            ask: &mut || None,
            colour: false,
            live: false,
            width: 80,
        };
        cli::run(&arguments, &environment, &mut screen);
        let cwd = self.inside.path().to_string_lossy().into_owned();
        let read = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&cwd, "<cwd>");
        (read(&out), read(&err))
    }

    /// Gives the problems as JSON.
    fn problems(&self) -> BTreeSet<String> {
        let (out, _) = self.run("-json");
        if self.arguments[0] == "validate" {
            let json: Json = serde_json::from_str(&out).unwrap_or_default();
            return json["diagnostics"].as_array().into_iter().flatten().map(line).collect();
        }
        let lines = out.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
        lines
            .filter(|json| json["type"] == "diagnostic")
            .map(|json| line(&json["diagnostic"]))
            .collect()
    }
}

/// Writes a problem on one line: its members but those that are not Terraform's.
fn line(problem: &Json) -> String {
    let mut problem = problem.clone();
    if let Some(members) = problem.as_object_mut() {
        members.remove("help");
        members.remove("related");
    }
    if let Some(snippet) = problem["snippet"].as_object_mut() {
        snippet.remove("function_call");
    }
    let place = |end: &str| {
        let place = &problem["range"][end];
        format!("{},{}({})", place["line"], place["column"], place["byte"])
    };
    let range = match problem["range"]["filename"].as_str() {
        Some(name) => format!("{name}:{}-{}", place("start"), place("end")),
        None => String::new(),
    };
    let words = ["severity", "summary", "detail", "address"].map(|name| text(&problem, name));
    let mut words = words.map(String::from);
    words[1] = in_order(&words[1]);
    format!("{} | {range} | {}", words.join(" | "), problem["snippet"])
}

/// Sorts the members of a cycle, which are told in an order of chance.
fn in_order(text: &str) -> String {
    let Some((before, members)) = text.split_once("Cycle: ") else { return text.to_string() };
    let (members, after) = members.split_once('\n').unwrap_or((members, ""));
    let mut members: Vec<&str> = members.split(", ").collect();
    members.sort_unstable();
    format!("{before}Cycle: {}\n{after}", members.join(", ")).trim_end_matches('\n').to_string()
}

/// Cuts a text without boxes into its problems.
fn told(text: &str) -> BTreeSet<String> {
    let starts = |line: &str| line.starts_with("Error: ") || line.starts_with("Warning: ");
    let mut found = Vec::new();
    for line in text.lines() {
        if starts(line) {
            found.push(String::new());
        }
        if let Some(last) = found.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    // Warnings go elsewhere; the advice at the end is this program's own.
    found.retain(|text: &String| text.starts_with("Error: "));
    let advice = |text: &str| text.find("\nhelp: ").unwrap_or(text.len());
    let whole = found.into_iter().map(|text| text[..advice(&text)].trim_end().to_string());
    whole.map(|text| in_order(&text)).collect()
}

/// Cuts a text of boxes into them.
fn boxes(text: &str) -> BTreeSet<String> {
    let lines: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    let advice = |text: &str| text.find("│\n│ help: ").map(|at| format!("{}╵\n", &text[..at]));
    lines
        .split_inclusive("╵\n")
        .map(|text| in_order(&advice(text).unwrap_or(text.to_string())).replace("│\n│\n╵", "╵"))
        .collect()
}

/// What was captured, but for the characters that steer a terminal, which are not printed here.
fn captured(case: &Json, name: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\t' => character,
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or(' '),
        _ => character,
    };
    text(case, name).chars().map(shown).collect()
}

fn differences(got: &BTreeSet<String>, want: &BTreeSet<String>) -> String {
    let missing = want.difference(got).map(|line| format!("  - {line}\n"));
    missing.chain(got.difference(want).map(|line| format!("  + {line}\n"))).collect()
}

/// The names of cases that are known to differ.
fn known() -> BTreeSet<String> {
    let text = fs::read_to_string(folder().join("differences.txt")).expect("the list is there");
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(Into::into).collect()
}

/// Runs the cases of a topic; panics with all that differs.
fn check(name: &str, difference: impl Fn(&Json) -> String) {
    let known = known();
    let (mut report, mut same, mut wrong) = (String::new(), 0, 0);
    for case in topic(name) {
        let found = difference(&case);
        match (found.is_empty(), known.contains(text(&case, "name"))) {
            (true, _) => same += 1,
            (false, true) => {}
            (false, false) => {
                wrong += 1;
                report.push_str(&format!("{}\n{found}", text(&case, "name")));
            }
        }
    }
    assert!(report.is_empty(), "{same} cases are the same, {wrong} are not:\n{report}");
}

fn wanted(case: &Json) -> BTreeSet<String> {
    case["diagnostics"].as_array().into_iter().flatten().map(line).collect()
}

#[test]
fn mistakes_of_syntax_are_told_with_their_exact_place() {
    check("syntax.json", |case| differences(&Case::new(case).problems(), &wanted(case)));
}

#[test]
fn what_can_be_told_beside_a_mistake_of_syntax_is_told() {
    check("partial.json", |case| differences(&Case::new(case).problems(), &wanted(case)));
}

#[test]
fn mistakes_of_configurations_are_told_with_their_exact_place() {
    check("configuration.json", |case| differences(&Case::new(case).problems(), &wanted(case)));
}

#[test]
fn mistakes_of_files_in_json_are_told_with_their_exact_place() {
    check("json.json", |case| differences(&Case::new(case).problems(), &wanted(case)));
}

#[test]
fn mistakes_in_expressions_are_told_with_their_exact_place() {
    check("expressions.json", |case| differences(&Case::new(case).problems(), &wanted(case)));
}

#[test]
fn mistakes_with_dynamic_blocks_are_told_with_their_exact_place() {
    check("dynamic.json", |case| differences(&Case::new(case).problems(), &wanted(case)));
}

#[test]
fn mistakes_of_providers_and_settings_are_told_with_their_exact_place() {
    check("providers.json", |case| differences(&Case::new(case).problems(), &wanted(case)));
}

#[test]
fn mistakes_in_given_values_and_in_texts_of_many_scripts_are_told_with_their_exact_place() {
    check("variables.json", |case| differences(&Case::new(case).problems(), &wanted(case)));
}

#[test]
fn a_problem_is_told_in_the_same_words_and_lines() {
    for name in TOPICS {
        check(name, |case| {
            if case.get("text").is_none() || Case::new(case).problems() != wanted(case) {
                return String::new();
            }
            let (out, err) = Case::new(case).run("-no-color");
            let want = told(&captured(case, "text"));
            let got: BTreeSet<String> = told(&format!("{out}\n{err}"));
            differences(&got, &want)
        });
    }
}

#[test]
fn a_problem_stands_in_the_same_box() {
    for name in TOPICS {
        check(name, |case| {
            if case.get("box").is_none() || Case::new(case).problems() != wanted(case) {
                return String::new();
            }
            let (_, err) = Case::new(case).run("");
            differences(&boxes(&err), &boxes(&captured(case, "box")))
        });
    }
}

#[test]
fn what_is_known_to_differ_still_does() {
    let cases: Vec<Json> = TOPICS.into_iter().flat_map(topic).collect();
    let known = known();
    let same: Vec<&str> = cases
        .iter()
        .filter(|case| known.contains(text(case, "name")))
        .filter(|case| Case::new(case).problems() == wanted(case))
        .map(|case| text(case, "name"))
        .collect();
    assert!(same.is_empty(), "these are the same: {same:?}");
}
