//! The sandbox against recordings of a real API server: the same requests, the same answers.
//!
//! Cases are in `cases`, recordings in `tests/recorded/kubernetes`; what parts from them stands in
//! `differences.json` with its reason. `ORACLE=http://127.0.0.1:18080` records anew from the
//! server of `tests/oracle`, `AREA=apply` only that file, `CASE=name` shows one case's differences.

#[path = "../support/hook.rs"]
mod hook;
mod hooks;
mod normal;
mod real;
mod sandbox;
mod suite;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use suite::{Answer, Area};

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Gives what differs between two answers, a line each.
fn parts(real: &Answer, ours: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    if real.status != ours.status {
        found.push(format!("status: real {}, sandbox {}", real.status, ours.status));
    }
    if real.warnings != ours.warnings {
        found.push(format!("warnings: real {:?}, sandbox {:?}", real.warnings, ours.warnings));
    }
    compare(&real.body, &ours.body, &mut String::new(), &mut found);
    found
}

fn compare(real: &Json, ours: &Json, path: &mut String, found: &mut Vec<String>) {
    let length = path.len();
    match (real, ours) {
        (Json::Object(left), Json::Object(right)) => {
            for (name, value) in left {
                path.push_str(&format!("/{name}"));
                match right.get(name) {
                    Some(other) => compare(value, other, path, found),
                    None => found.push(format!("{path}: only real {value}")),
                }
                path.truncate(length);
            }
            for (name, value) in right.iter().filter(|(name, _)| !left.contains_key(*name)) {
                found.push(format!("{path}/{name}: only sandbox {value}"));
            }
        }
        (Json::Array(left), Json::Array(right)) if left.len() == right.len() => {
            for (at, (value, other)) in left.iter().zip(right).enumerate() {
                path.push_str(&format!("/{at}"));
                compare(value, other, path, found);
                path.truncate(length);
            }
        }
        _ if real == ours => {}
        _ => found.push(format!("{path}:\n      real    {real}\n      sandbox {ours}")),
    }
}

/// Replays an area; gives what differs by answer, each answer being there.
fn replayed(area: &Area, shown: Option<&str>) -> BTreeMap<String, Vec<String>> {
    let recorded = suite::recorded(&place("recorded/kubernetes"), &area.name);
    let mut outcome = BTreeMap::new();
    for case in area.cases.iter().filter(|case| shown.is_none_or(|name| name == case.name)) {
        let Some(answers) = recorded.get(&case.name) else {
            panic!("{}/{} was never recorded: ORACLE=…", area.name, case.name);
        };
        let ours = std::panic::catch_unwind(|| {
            let mut sender = sandbox::Sandbox::new(&suite::space(area, case));
            suite::run(area, case, &mut sender)
        });
        let Ok(ours) = ours else {
            outcome.insert(format!("{}/{}/0", area.name, case.name), vec!["    panics".into()]);
            continue;
        };
        assert_eq!(answers.len(), ours.len(), "{}/{}: record it anew", area.name, case.name);
        for (at, (real, ours)) in answers.iter().zip(&ours).enumerate() {
            let lines = parts(real, ours).into_iter().map(|line| format!("    {line}"));
            outcome.insert(format!("{}/{}/{}", area.name, case.name, at + 1), lines.collect());
        }
    }
    outcome
}

#[allow(clippy::print_stdout, reason = "the share is what the test is run for")]
#[test]
fn the_sandbox_answers_as_the_recorded_server_did() {
    let variable = |name: &str| std::env::var_os(name).and_then(|text| text.into_string().ok());
    let (oracle, area, shown) = (variable("ORACLE"), variable("AREA"), variable("CASE"));
    let mut areas = suite::areas(&place("server/cases"));
    areas.retain(|known| area.as_ref().is_none_or(|name| *name == known.name));
    assert!(!areas.is_empty(), "there is no such area");
    if let Some(oracle) = oracle {
        real::record(&oracle, &areas, &place("recorded/kubernetes"), shown.as_deref());
    }
    let text = fs::read_to_string(place("server/differences.json")).unwrap();
    let listed: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();

    let mut outcome = BTreeMap::new();
    for area in &areas {
        outcome.extend(replayed(area, shown.as_deref()));
    }

    let all = outcome.len();
    let mut wrong = Vec::new();
    let mut agree = 0;
    for (name, lines) in &outcome {
        agree += usize::from(lines.is_empty());
        match (lines.is_empty(), listed.get(name)) {
            (true, Some(_)) => wrong.push(format!("{name} agrees: take it off the list")),
            (false, None) => wrong.push(format!("{name}\n{}", lines.join("\n"))),
            (false, Some(_)) if shown.is_some() => wrong.push(lines.join("\n")),
            _ => {}
        }
    }
    if area.is_none() && shown.is_none() {
        let gone = listed.keys().filter(|name| !outcome.contains_key(*name));
        wrong.extend(gone.map(|name| format!("{name} is listed and no case")));
    }
    let tenths = agree * 1000 / all.max(1);
    let share =
        format!("{agree} of {all} recorded answers agree: {}.{} %", tenths / 10, tenths % 10);
    println!("{share}");
    assert!(wrong.is_empty(), "{}\n{share}", wrong.join("\n"));
}
