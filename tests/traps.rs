//! The language's traps: each of `conformance/traps.md` names cases that hold it, and each of these cases is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use terrane::value::Value;
use terrane::value::json::from_json_text;

/// How many traps there are.
const TRAPS: usize = 81;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn read(path: &str) -> String {
    fs::read_to_string(tests().join(path)).expect("the file is part of the project")
}

/// Gives the rows of the table: the trap's number, and its cases as kind and name.
fn rows(text: &str) -> Vec<(usize, Vec<(String, String)>)> {
    let mut found = Vec::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("| ")) {
        let line = line.replace("\\|", "\u{0}");
        let cells: Vec<&str> = line.split(" | ").collect();
        let (Some(Ok(number)), Some(cases)) =
            (cells.first().map(|cell| cell.parse()), cells.get(2))
        else {
            continue;
        };
        let cases = cases.trim_end_matches('|').trim_end().split("`; ").map(|case| {
            let (kind, name) = case.split_once(" `").expect("a case is a kind and a name");
            let name = name.trim_end_matches('`').replace('\u{0}', "|");
            (kind.to_string(), name)
        });
        found.push((number, cases.collect()));
    }
    found
}

/// Gives all expressions of the functions' cases.
fn expressions() -> BTreeSet<String> {
    let mut files = vec![tests().join("conformance/more-functions.json")];
    let folder = fs::read_dir(tests().join("conformance/functions")).expect("the folder is there");
    files.extend(folder.map(|entry| entry.expect("the folder can be read").path()));
    let mut found = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).expect("a topic can be read");
        let topic = from_json_text(&text).expect("a topic is JSON");
        let cases = topic.field("cases").and_then(Value::elements).expect("a topic has cases");
        let expr = |case: &Value| case.field("expr").and_then(Value::as_str).map(String::from);
        found.extend(cases.iter().filter_map(expr));
    }
    found
}

#[test]
fn each_trap_is_held_by_cases_that_are_there() {
    let rows = rows(&read("conformance/traps.md"));
    let expressions = expressions();
    let is_there = |(kind, name): &(String, String)| match kind.as_str() {
        "plan" => ["conformance/plans", "plans/cases"]
            .iter()
            .any(|folder| tests().join(folder).join(name).join("expected.json").is_file()),
        "functions" => expressions.contains(name),
        _ => false,
    };

    let numbers: Vec<usize> = rows.iter().map(|(number, _)| *number).collect();
    let missing: Vec<&(String, String)> =
        rows.iter().flat_map(|(_, cases)| cases).filter(|case| !is_there(case)).collect();

    assert_eq!(numbers, (1..=TRAPS).collect::<Vec<usize>>());
    assert!(rows.iter().all(|(_, cases)| !cases.is_empty()));
    assert!(missing.is_empty(), "not there: {missing:?}");
}
