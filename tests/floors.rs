//! Holds the layout: who may import whom, that each file says what it is for, and that no file is endless.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The table of `ARCHITECTURE.md`: a module and what it may import. `cli` and the binary may import all.
const FLOORS: &[(&str, &str)] = &[
    ("diag", ""),
    ("value", ""),
    ("addr", ""),
    ("http", ""),
    ("graph", "http"),
    ("schema", "value"),
    ("auth", "http providers"),
    ("merge", ""),
    ("syntax", "diag"),
    ("functions", "value"),
    ("config", "addr diag syntax value"),
    ("eval", "addr config diag functions schema syntax value"),
    ("state", "addr diag value"),
    ("backends", "addr auth diag http state value"),
    ("providers", "addr auth backends diag http merge schema state syntax value"),
    ("plan", "addr config diag eval graph http providers schema state value"),
    ("apply", "addr backends config diag eval graph http plan providers schema state syntax value"),
    ("review", "addr config diag eval plan schema syntax value"),
    ("drift", "addr config diag eval plan providers review schema state syntax value"),
    (
        "render",
        "addr config diag drift eval functions graph plan providers review schema state syntax value",
    ),
    ("sandbox", "http merge"),
];

/// The longest file, in lines, and those that are longer with the reason.
const LONGEST: usize = 700;

fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn module(path: &Path) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let inside = path.strip_prefix(source).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_string()
}

/// Gives the modules of this crate that a text imports, tests at its foot left aside.
fn imports(text: &str) -> BTreeSet<String> {
    let program = text.split("\n#[cfg(test)]").next().unwrap_or(text);
    let mut found = BTreeSet::new();
    for line in program.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for after in line.split("crate::").skip(1) {
            let name: String =
                after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.insert(name);
        }
    }
    found
}

#[test]
fn a_module_imports_only_what_stands_in_its_row() {
    let floors: BTreeMap<&str, BTreeSet<&str>> =
        FLOORS.iter().map(|(name, row)| (*name, row.split_whitespace().collect())).collect();
    let mut wrong = Vec::new();
    for path in files() {
        let module = module(&path);
        let Some(row) = floors.get(module.as_str()) else { continue };
        let tests = path.file_name().is_some_and(|name| name == "tests.rs")
            || path.components().any(|part| part.as_os_str() == "tests");
        if tests {
            continue;
        }
        for import in imports(&fs::read_to_string(&path).unwrap()) {
            if floors.contains_key(import.as_str())
                && import != module
                && !row.contains(import.as_str())
            {
                wrong.push(format!("{} imports {import}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_file_says_what_it_is_for_and_ends() {
    let mut wrong = Vec::new();
    for path in files() {
        let text = fs::read_to_string(&path).unwrap();
        if !text.starts_with("//! ") {
            wrong.push(format!("{} does not say what it is for", path.display()));
        }
        let lines = text.lines().count();
        if lines > LONGEST {
            wrong.push(format!("{} has {lines} lines", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_command_line_prints_and_ends_the_process() {
    let mut wrong = Vec::new();
    for path in files() {
        let tests = path.file_name().is_some_and(|name| name == "tests.rs");
        if tests || ["cli", "main"].contains(&module(&path).as_str()) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let program = text.split("\n#[cfg(test)]").next().unwrap_or(&text);
        for word in ["println!", "print!(", "process::exit", "env::var"] {
            if program.contains(word) {
                wrong.push(format!("{} has {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
