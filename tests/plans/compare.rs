//! Runs a case and compares field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::case::{self, Case, Ran};
use crate::normal::{Normal, sorted};
use crate::text;

/// What differs: the field and both sides.
type Found = Vec<(&'static str, String)>;

/// Runs a case; gives what differs.
pub(crate) fn differences(case: &Case) -> Found {
    let mut found = Found::new();
    validated(case, &mut found);
    if !case.only_validated {
        planned(case, &mut found);
    }
    if case.applied {
        applied(case, &mut found);
    }
    if let Some(want) = &case.expected_told {
        told(case, want, &mut found);
    }
    found
}

/// Compares what is told as text: the plan, and the state after the apply.
fn told(case: &Case, want: &Json, found: &mut Found) {
    let destroy = case.destroy.then_some("-destroy");
    let plan: Vec<&str> = ["plan", "-no-color", "-lock=false"].into_iter().chain(destroy).collect();
    let plan = case.run(&plan, true);
    let mut texts = vec![("told.plan", "plan", ours(case, &plan, &plan.out.as_str().into()))];
    if case.applied {
        let apply = ["apply", "-auto-approve", "-input=false"].into_iter().chain(destroy);
        let applied = case.run(&apply.collect::<Vec<_>>(), true);
        let state = case.run_in(applied.folder, &["show", "-no-color"], false);
        texts.push(("told.state", "state", ours(case, &state, &state.out.as_str().into())));
    }
    for (field, name, got) in texts {
        let laid_out = |side: &Json| Json::from(text::plain(side.as_str().unwrap_or_default()));
        differ(found, field, &laid_out(&got), &laid_out(&theirs(case, &want[name])));
    }
}

fn validated(case: &Case, found: &mut Found) {
    let ran = case.run(&["validate", "-json"], false);
    let told: Json = serde_json::from_str(&ran.out).unwrap_or_default();
    let (got, want) = (ours(case, &ran, &told), theirs(case, &case.expected["validate"]));
    differ(found, "validate.valid", &got["valid"], &want["valid"]);
    differ_in_problems(found, "validate.diagnostics", &got["diagnostics"], &want["diagnostics"]);
}

fn planned(case: &Case, found: &mut Found) {
    let mut arguments = vec!["plan", "-json", "-detailed-exitcode", "-out=planned"];
    arguments.extend(case.destroy.then_some("-destroy"));
    let ran = case.run(&arguments, true);
    let want = theirs(case, &case.expected);
    differ(found, "exit", &json!(ran.exit), &want["exit"]);
    differ_in_problems(found, "diagnostics", &problems(case, &ran), &want["diagnostics"]);
    if ran.exit == 1 || want["exit"] == 1 {
        return;
    }
    let told = ours(case, &ran, &ran.lines().into());
    let shown = case.run_in(ran.folder, &["show", "-json", "-show-sensitive", "planned"], false);
    let Ok(document) = serde_json::from_str::<Json>(&shown.out) else {
        if case.expected.get("show_json_error").is_none() {
            found.push(("show", format!("{}{}", shown.out, shown.err)));
        }
        return;
    };
    let got = ours(case, &shown, &document);
    differ_in_changes(found, &got["resource_changes"], &want["resource_changes"]);
    let outputs = &got["planned_values"]["outputs"];
    for (field, got) in [
        ("resource_drift", &got["resource_drift"]),
        ("output_changes", &got["output_changes"]),
        ("planned_outputs", outputs),
        ("variables", &got["variables"]),
        ("checks", &got["checks"]),
    ] {
        let empty = |side: &Json| side.is_null() || *side == json!({}) || *side == json!([]);
        if !(empty(got) && empty(&want[field])) {
            differ(found, field, got, &want[field]);
        }
    }
    for field in ["applyable", "complete", "errored"] {
        differ(found, field, &got[field], &want[field]);
    }
    if let Some(shown) = &case.expected_shown {
        let want = theirs(case, shown);
        differ_in_documents(found, &got, &want["document"]);
        differ_in_streams(found, &told, &want["stream"]);
    }
}

/// What only ours has: where a change comes from, how sure it is, what is dangerous about it.
const OWN: &[&str] = &[
    "source",
    "source_calls",
    "sources",
    "repetition_sources",
    "certainty",
    "conditional_on",
    "risks",
];

/// Compares the whole document of a plan, member by member, but for what only ours has.
fn differ_in_documents(found: &mut Found, got: &Json, want: &Json) {
    let mut got = got.clone();
    let changes = got.get_mut("resource_changes").and_then(Json::as_array_mut);
    for change in changes.into_iter().flatten() {
        let change = change.as_object_mut().expect("a change is an object");
        OWN.iter().for_each(|name| drop(change.remove(*name)));
    }
    got.as_object_mut().map(|document| document.remove("digest"));
    let members = |side: &Json| side.as_object().cloned().unwrap_or_default();
    let (got, want) = (members(&got), members(want));
    let names: BTreeSet<&String> = got.keys().chain(want.keys()).collect();
    for name in names {
        let (got, want) = (got.get(name), want.get(name));
        if got != want {
            let side = |side: Option<&Json>| side.map_or("nothing".to_string(), Json::to_string);
            found.push((
                "document",
                format!("\n  - {name}: {}\n  + {name}: {}", side(want), side(got)),
            ));
        }
    }
}

/// Compares the lines of a stream: which there are, and in which order those come that do not wait for the world. What
/// problems say is compared elsewhere.
fn differ_in_streams(found: &mut Found, got: &Json, want: &Json) {
    let lines = |side: &Json| -> Vec<Json> {
        let lines = side.as_array().into_iter().flatten();
        // The plan's digest is told by us alone.
        let own = ["version", "plan_digest"];
        let lines = lines.filter(|line| !own.iter().any(|kind| line["type"] == *kind)).cloned();
        let plain = lines.map(|mut line| {
            line.as_object_mut().expect("a line is an object").remove("diagnostic");
            line
        });
        plain.collect()
    };
    let order = |lines: &[Json]| -> Vec<Json> {
        let told = lines.iter().filter(|line| line.get("hook").is_none());
        told.map(|line| line["type"].clone()).collect()
    };
    let (got, want) = (lines(got), lines(want));
    differ(found, "stream.order", &order(&got).into(), &order(&want).into());
    for (sign, these, others) in [("-", &want, &got), ("+", &got, &want)] {
        let mut others: Vec<&Json> = others.iter().collect();
        for line in these {
            match others.iter().position(|other| *other == line) {
                Some(place) => drop(others.remove(place)),
                None => found.push(("stream", format!("\n  {sign} {line}"))),
            }
        }
    }
}

fn applied(case: &Case, found: &mut Found) {
    let mut arguments = vec!["apply", "-json", "-auto-approve"];
    arguments.extend(case.destroy.then_some("-destroy"));
    let ran = case.run(&arguments, true);
    let want = theirs(case, &case.expected["apply"]);
    differ(found, "apply.exit", &json!(ran.exit), &want["exit"]);
    differ_in_problems(found, "apply.diagnostics", &problems(case, &ran), &want["diagnostics"]);
    let lines = ran.lines();
    let last = |kind: &str, inner: &str| {
        let line = lines.iter().rev().find(|line| line["type"] == kind);
        line.map(|line| line[inner].clone()).unwrap_or_default()
    };
    differ(found, "apply.summary", &last("change_summary", "changes"), &want["summary"]);
    // A plan's outputs are told by the same kind of line, with what becomes of each.
    let planned = |outputs: &Json| {
        outputs.as_object().is_some_and(|all| all.values().any(|of| of.get("action").is_some()))
    };
    let mut outputs = ours(case, &ran, &last("outputs", "outputs"));
    if outputs.is_null() || planned(&outputs) {
        outputs = json!({});
    }
    differ(found, "apply.outputs", &outputs, &want["outputs"]);
    let got = case::json(&ran.folder.path().join(case.state()));
    let serial = |state: &Option<Json>| {
        state.as_ref().map_or(0, |state| state["serial"].as_u64().unwrap_or(0))
    };
    let start: Option<Json> = case.start();
    let change = if serial(&got) > serial(&start) { "higher" } else { "same" };
    let got = got.map(|state| ours(case, &ran, &state));
    let want = case.expected_state.as_ref().map(|state| theirs(case, state));
    differ_in_states(found, got.as_ref(), want.as_ref(), change);
}

fn differ_in_states(found: &mut Found, got: Option<&Json>, want: Option<&Json>, change: &str) {
    let (Some(got), Some(want)) = (got, want) else {
        if got.is_some() != want.is_some() {
            found.push(("state", format!("\n  - {want:?}\n  + {got:?}")));
        }
        return;
    };
    differ(found, "state.serial_change", &json!(change), &want["serial_change"]);
    for (field, inner) in [
        ("state.version", "version"),
        ("state.outputs", "outputs"),
        ("state.check_results", "check_results"),
    ] {
        differ(found, field, &got[inner], &want[inner]);
    }
    let name = |resource: &Json| {
        let part = |name: &str| resource[name].as_str().unwrap_or_default().to_string();
        format!("{} {} {}.{}", part("module"), part("mode"), part("type"), part("name"))
    };
    // Terraform leaves blocks without instances behind where an apply failed.
    let with_instances = |state: &Json| -> Json {
        let resources = state["resources"].as_array().into_iter().flatten();
        resources.filter(|of| of["instances"] != json!([])).cloned().collect()
    };
    let (got, want) = (with_instances(got), with_instances(want));
    differ_by(found, "state.resources", &got, &want, &name);
}

/// Gives the problems that a run told.
fn problems(case: &Case, ran: &Ran) -> Json {
    let told = ran.lines().into_iter().filter(|line| line["type"] == "diagnostic");
    let told: Json = told.map(|line| line["diagnostic"].clone()).collect();
    ours(case, ran, &told)
}

fn ours(case: &Case, ran: &Ran, json: &Json) -> Json {
    let cwd = ran.folder.path().canonicalize().expect("the folder is there");
    Normal { cwd: &cwd.to_string_lossy(), texts: &case.texts }.json(json)
}

fn theirs(case: &Case, json: &Json) -> Json {
    Normal { cwd: "", texts: &case.texts }.json(json)
}

fn differ(found: &mut Found, field: &'static str, got: &Json, want: &Json) {
    if got != want {
        found.push((field, format!("\n  - {want}\n  + {got}")));
    }
}

/// Compares problems as sets, by what was captured of them.
fn differ_in_problems(found: &mut Found, field: &'static str, got: &Json, want: &Json) {
    let shown = |problems: &Json| -> Json {
        let one = |problem: &Json| {
            let kept = ["severity", "summary", "detail", "address", "range"];
            let field = |name: &&str| Some((name.to_string(), problem.get(*name)?.clone()));
            Json::Object(kept.iter().filter_map(field).collect())
        };
        sorted(&problems.as_array().into_iter().flatten().map(one).collect())
    };
    let (got, want) = (shown(got), shown(want));
    let (mut got, mut want) = (texts(&got), texts(&want));
    let same: Vec<String> = got.iter().filter(|text| want.contains(text)).cloned().collect();
    got.retain(|text| !same.contains(text));
    want.retain(|text| !same.contains(text));
    if !(got.is_empty() && want.is_empty()) {
        let lines = |sign: &str, texts: &[String]| -> String {
            texts.iter().map(|text| format!("\n  {sign} {text}")).collect()
        };
        found.push((field, lines("-", &want) + &lines("+", &got)));
    }
}

fn texts(json: &Json) -> Vec<String> {
    json.as_array().into_iter().flatten().map(Json::to_string).collect()
}

/// Compares changes by their addresses, in the form that was captured: the change's own fields lifted up.
fn differ_in_changes(found: &mut Found, got: &Json, want: &Json) {
    let lifted = |entry: &Json| {
        let mut fields: Map<String, Json> = entry.as_object().cloned().unwrap_or_default();
        if let Some(Json::Object(change)) = fields.remove("change") {
            fields.extend(change);
        }
        fields.remove("provider_name");
        OWN.iter().for_each(|name| drop(fields.remove(*name)));
        Json::Object(fields)
    };
    let got: Json = got.as_array().into_iter().flatten().map(lifted).collect();
    let name = |entry: &Json| {
        let part = |name: &str| entry[name].as_str().unwrap_or_default().to_string();
        format!("{} {}", part("address"), part("deposed"))
    };
    differ_by(found, "resource_changes", &got, want, &name);
}

fn differ_by(
    found: &mut Found,
    field: &'static str,
    got: &Json,
    want: &Json,
    name: &dyn Fn(&Json) -> String,
) {
    let named = |list: &Json| -> BTreeMap<String, Json> {
        list.as_array().into_iter().flatten().map(|entry| (name(entry), entry.clone())).collect()
    };
    let (got, want) = (named(got), named(want));
    let names: BTreeSet<&String> = got.keys().chain(want.keys()).collect();
    for name in names {
        let (got, want) = (got.get(name), want.get(name));
        let text = match (got, want) {
            (Some(Json::Object(got)), Some(Json::Object(want))) => {
                let fields: BTreeSet<&String> = got.keys().chain(want.keys()).collect();
                let differing =
                    fields.into_iter().filter(|field| got.get(*field) != want.get(*field));
                let side = |side: &Map<String, Json>, field: &str| {
                    side.get(field).map_or_else(|| "nothing".into(), Json::to_string)
                };
                differing
                    .map(|field| {
                        let (want, got) = (side(want, field), side(got, field));
                        format!("\n  - {name}: {field}: {want}\n  + {name}: {field}: {got}")
                    })
                    .collect()
            }
            (Some(got), None) => format!("\n  + {name}: {got}"),
            (None, Some(want)) => format!("\n  - {name}: {want}"),
            _ => String::new(),
        };
        if !text.is_empty() {
            found.push((field, text));
        }
    }
}
