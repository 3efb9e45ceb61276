//! The planner's conformance cases: every case of `tests/conformance/plans`, and of `cases` here, is validated, planned and
//! applied as a person does it, and all that is told and kept is compared.
//!
//! What differs for good stands in `differences.txt` with its reason, and must go on to differ. To work on a few:
//! `CASES=moved,lc_ cargo test --test plans -- --nocapture`.

mod case;
mod compare;
mod exclude;
mod normal;
mod text;
#[path = "../support/program.rs"]
mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use case::Case;

/// Gives the cases that are known to differ, each with the fields that do: any where none is named.
fn known() -> BTreeMap<String, BTreeSet<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans/differences.txt");
    let text = std::fs::read_to_string(path).expect("the list is there");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let one = |line: &str| {
        let mut words = line.split(' ').map(String::from);
        (words.next().unwrap_or_default(), words.collect())
    };
    lines.map(one).collect()
}

/// Gives the folders of the cases, of the captured ones and of our own.
#[expect(clippy::disallowed_methods, reason = "whoever runs the test says which cases")]
fn folders() -> Vec<std::path::PathBuf> {
    let wanted = std::env::var("CASES").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split(',').filter(|word| !word.is_empty()).collect();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let roots = match std::env::var("CASES_IN") {
        Ok(elsewhere) => vec![std::path::PathBuf::from(elsewhere)],
        Err(_) => vec![tests.join("conformance/plans"), tests.join("plans/cases")],
    };
    let mut found = Vec::new();
    for root in roots {
        for entry in std::fs::read_dir(root).expect("the cases are part of the project") {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.join("case.json").exists()
                && (wanted.is_empty() || wanted.iter().any(|word| name.contains(word)))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Runs all cases on two threads; gives the differences of each, by field.
fn run(folders: &[std::path::PathBuf]) -> BTreeMap<String, Vec<(&'static str, String)>> {
    let results = Mutex::new(BTreeMap::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let case = Case::read(folder);
                    let found = compare::differences(&case);
                    results.lock().expect("no thread panicked").insert(case.name.clone(), found);
                }
            });
        }
    });
    results.into_inner().expect("no thread panicked")
}

#[test]
fn a_case_is_planned_and_applied_as_terraform_does() {
    let (folders, known) = (folders(), known());
    let results = run(&folders);
    let (mut report, mut fields) = (String::new(), BTreeMap::<&str, Vec<&str>>::new());
    let mut same = 0;
    for (name, found) in &results {
        let listed = known.get(name).is_some_and(|fields| {
            fields.is_empty() || found.iter().all(|(field, _)| fields.contains(*field))
        });
        match (found.is_empty(), listed) {
            (true, false) => same += 1,
            (true, true) => report += &format!("{name} is the same, but is listed as differing\n"),
            (false, true) => {}
            (false, false) => {
                report += &format!("== {name}\n");
                for (field, text) in found {
                    report += &format!("{field}: {text}\n");
                    fields.entry(field).or_default().push(name);
                }
            }
        }
    }
    for (field, mut names) in fields {
        names.dedup();
        report += &format!("{:>3} {field}: {}\n", names.len(), names.join(" "));
    }
    assert!(report.is_empty(), "{report}{same} of {} cases are the same", results.len());
}
