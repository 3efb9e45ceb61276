//! Objects that the server refuses, and objects like them that it takes: as manifests, and as attributes and blocks.

use serde_json::Value as Json;

use super::super::super::Problem;
use super::super::definitions::bundled;
use super::super::observe::{Mode, observe};
use super::super::tables::{Kind, Nodes, Way, tables};
use super::{View, check};
use crate::value::json::from_json;
use crate::value::{Marks, Path, Value};

fn cases() -> Vec<Json> {
    let text = include_str!("../../../../tests/kubernetes/rules.json");
    serde_json::from_str(text).expect("the cases are JSON")
}

fn row(object: &Json) -> &'static Kind {
    let mut rows =
        tables().kinds.values().filter(|row| row.way == Way::Whole && row.former.is_none());
    let found =
        rows.find(|row| object["apiVersion"] == *row.api_version && object["kind"] == *row.kind);
    found.expect("the kind is in the tables")
}

fn as_manifest(object: &Json) -> Vec<Problem> {
    let (row, value, mut found) = (row(object), from_json(object), Vec::new());
    let view = View::plain(&row.nodes, &value, Path::root());
    check(&row.api_version, &row.kind, &view, &mut found);
    found
}

fn as_typed(object: &Json) -> (Value, Vec<Problem>) {
    let row = row(object);
    let value = observe(row, None, object, Mode::Whole);
    let mut found = Vec::new();
    check(&row.api_version, &row.kind, &View::typed(&row.nodes, &value), &mut found);
    (value, found)
}

fn told(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(|it| format!("{}: {}: {}", it.path, it.summary, it.detail)).collect()
}

#[test]
fn what_the_server_refuses_is_told_at_its_place_and_nothing_else() {
    let mut wrong = Vec::new();
    for case in cases() {
        let object = case.get("bad").unwrap_or(&case["good"]);
        let wanted: Vec<&str> = case["at"].as_str().into_iter().collect();

        let found = as_manifest(object);
        let (value, typed) = as_typed(object);

        let places: Vec<String> = found.iter().map(|it| it.path.to_string()).collect();
        let stands = |problem: &Problem| {
            let parent = Path(problem.path.0[..problem.path.0.len() - 1].to_vec());
            value.at(&parent).is_some()
        };
        if places != wanted || typed.len() != wanted.len() || !typed.iter().all(stands) {
            wrong.push(format!("{object}\n  {:?}\n  {:?}", told(&found), told(&typed)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_known_yet_passes() {
    for case in cases().iter().filter_map(|case| case.get("bad")) {
        let row = row(case);
        let value = from_json(case);
        let unknown = hidden(&value);
        let mut found = Vec::new();

        check(
            &row.api_version,
            &row.kind,
            &View::plain(&row.nodes, &unknown, Path::root()),
            &mut found,
        );

        let places = found.iter().filter(|problem| {
            // What is not written at all is known, and so are two sources.
            !matches!(
                problem.summary.as_str(),
                "Missing image"
                    | "Missing required argument"
                    | "Missing key"
                    | "Conflicting arguments"
            ) && !problem.summary.starts_with("Invalid key")
                && !problem.detail.contains("the key of")
                && problem.summary != "Invalid resource"
                && problem.summary != "Selector does not match the template"
        });
        assert_eq!(told(&places.cloned().collect::<Vec<_>>()), Vec::<String>::new(), "{case}");
    }
}

#[test]
fn what_is_secret_is_in_no_message() {
    let sensitive = Marks { sensitive: true, ..Marks::default() };
    for case in cases().iter().filter_map(|case| case.get("bad")) {
        let row = row(case);
        let secret = marked(&from_json(case), sensitive);
        let mut found = Vec::new();

        check(
            &row.api_version,
            &row.kind,
            &View::plain(&row.nodes, &secret, Path::root()),
            &mut found,
        );

        for text in texts(case) {
            let tells = |problem: &&Problem| problem.detail.contains(&format!("\"{text}"));
            let telling: Vec<Problem> = found.iter().filter(tells).cloned().collect();
            // What the messages themselves name is no secret.
            let known = ["Always", "Never", "ExternalName", "In", "NotIn", "Exists"];
            assert!(telling.is_empty() || known.contains(&&*text), "{text}: {:?}", told(&telling));
        }
    }
}

#[test]
fn kinds_whose_names_have_forms_of_their_own_are_not_held_to_the_others() {
    for (kind, name, is_good) in [
        ("CertificateSigningRequest", "Web:1_a", true),
        ("CertificateSigningRequest", "a/b", false),
        ("IPAddress", "2001:db8::1", true),
        ("Lease", "a:b", false),
    ] {
        let object = serde_json::json!({ "metadata": { "name": name } });
        let (value, nodes, mut found) = (from_json(&object), Nodes::default(), Vec::new());
        check(
            "certificates.k8s.io/v1",
            kind,
            &View::plain(&nodes, &value, Path::root()),
            &mut found,
        );
        assert_eq!(found.is_empty(), is_good, "{kind} {name}: {:?}", told(&found));
    }
}

/// Gives a value all of whose parts are marked.
fn marked(value: &Value, marks: Marks) -> Value {
    value.map_parts(&mut |part| marked(part, marks)).marked(marks)
}

/// Gives the texts and the names of an object below its head.
fn texts(object: &Json) -> Vec<String> {
    match object {
        Json::Object(fields) => {
            let below = fields.iter().filter(|(name, _)| *name != "kind" && *name != "apiVersion");
            below.flat_map(|(_, part)| texts(part)).collect()
        }
        Json::Array(parts) => parts.iter().flat_map(texts).collect(),
        Json::String(text) if !text.is_empty() => vec![text.clone()],
        _ => Vec::new(),
    }
}

/// Gives a value of which no text or number is known.
fn hidden(value: &Value) -> Value {
    match value.elements().is_some() || value.fields().is_some() {
        true => value.map_parts(&mut hidden),
        false => Value::unknown(value.ty()),
    }
}

#[test]
fn the_kinds_of_the_cases_are_defined() {
    for case in cases() {
        let object = case.get("bad").unwrap_or(&case["good"]);
        let row = row(object);
        assert!(bundled().root(&row.api_version, &row.kind).is_some(), "{object}");
    }
}
