//! Drift against the sandbox: what others change behind the program's back is found, named and attributed, and can be written; what
//! services do by themselves is nobody's change.
//!
//! The changes are data: `people.json` and `noise.json`, over the configurations of `stacks`. Each stack is made once; a change is made to
//! a copy of it.

#[path = "../support/program.rs"]
mod program;
mod clients;
mod hooks;
mod lots;
mod outputs;
mod proof;
mod stage;
mod texts;
mod watch;
mod who;

use std::collections::BTreeMap;

use serde_json::Value as Json;

use stage::Stage;

/// Reads the cases of a file, by stack.
fn cases(text: &str) -> BTreeMap<String, Vec<Json>> {
    let all: Vec<Json> = serde_json::from_str(text).unwrap();
    let mut by_stack: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for case in all {
        by_stack.entry(case["stack"].as_str().unwrap().to_string()).or_default().push(case);
    }
    by_stack
}

fn text<'j>(case: &'j Json, name: &str) -> &'j str {
    case[name].as_str().unwrap_or_default()
}

/// Gives the findings of a drift report of an address.
fn of<'j>(report: &'j Json, address: &str) -> Option<&'j Json> {
    report["findings"].as_array().unwrap().iter().find(|finding| finding["address"] == address)
}

/// Says what is wrong with what is told of a person's change.
fn wrong_with_person(stage: &Stage, case: &Json) -> Vec<String> {
    let mut wrong = Vec::new();
    let address = text(case, "object");
    let (exit, report) = stage.json(&["drift", "-json"]);
    let Some(finding) = of(&report, address) else {
        return vec![format!("{address} is not found (exit {exit}): {report:#}")];
    };
    let mut must = |what: &str, is: &Json, wanted: &str| {
        if is != wanted {
            wrong.push(format!("{what} is {is}, not {wanted}: {finding:#}"));
        }
    };
    let kind = case["kind"].as_str().unwrap_or("changed");
    must("kind", &finding["kind"], kind);
    must("class", &finding["class"], case["class"].as_str().unwrap_or("person"));
    let who = text(case, "who");
    for part in case["parts"].as_array().into_iter().flatten() {
        let attributes = finding["attributes"].as_array().unwrap();
        match attributes.iter().find(|attribute| attribute["name"] == *part) {
            Some(attribute) => must(&format!("who of {part}"), &attribute["by"]["who"], who),
            None => must("part", &Json::Null, part.as_str().unwrap()),
        }
    }
    if case["parts"].is_null() && !who.is_empty() {
        must("who", &finding["touches"][0]["who"], who);
    }
    if exit != 2 {
        wrong.push(format!("drift ends with {exit}"));
    }
    wrong.extend(wrong_with_accepting(stage, case));
    wrong
}

/// Says what is wrong with writing what is live: the next plan must be empty, or there is a reason.
fn wrong_with_accepting(stage: &Stage, case: &Json) -> Option<String> {
    let address = text(case, "object");
    let (_, report) = stage.json(&["drift", "-json", "-accept"]);
    let accepted = report["accepted"].as_array().unwrap();
    let own = accepted.iter().find(|accepted| accepted["address"] == address);
    let plan = stage.run(&["plan", "-detailed-exitcode"]);
    let expected = text(case, "accept");
    if expected.is_empty() {
        let kept = stage.texts().contains(text(case, "keeps"));
        let written = stage.texts().contains(text(case, "writes"));
        return (plan.exit != 0 || !kept || !written).then(|| {
            format!(
                "accepting: plan ends with {}: {own:?}\n{}\n{}\n{}",
                plan.exit,
                plan.out,
                plan.err,
                stage.texts()
            )
        });
    }
    let why = own.and_then(|own| own["impossible"].as_str()).unwrap_or_default();
    let reverts = plan.exit == 2;
    (!why.contains(expected) || !reverts).then(|| {
        format!("accepting says {why:?} and plan ends with {}: {own:?}\n{}", plan.exit, plan.out)
    })
}

/// Says what is wrong with what is told of what a service did by itself.
fn wrong_with_noise(stage: &Stage, case: &Json) -> Vec<String> {
    let (_, report) = stage.json(&["drift", "-json"]);
    let findings = report["findings"].as_array().unwrap();
    let by_person = findings.iter().filter(|finding| finding["class"] != "service");
    let mut wrong: Vec<String> = by_person.map(|of| format!("told: {of:#}")).collect();
    let address = text(case, "object");
    if !address.is_empty() && of(&report, address).is_none() {
        wrong.push(format!("{address} is not found"));
    }
    let (exit, _) = stage.json(&["drift", "-json", "-class=person"]);
    if exit != 0 {
        wrong.push(format!("drift -class=person ends with {exit}"));
    }
    wrong
}

fn check(list: &str, wrong_with: fn(&Stage, &Json) -> Vec<String>, least: usize) {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (stack, cases) in cases(list) {
        let whole = Stage::made(&stack);
        for case in cases.iter().filter(|case| stage::is_wanted(text(case, "name"))) {
            seen += 1;
            let stage = whole.copied();
            stage.done(case);
            let found = wrong_with(&stage, case);
            wrong.extend(found.into_iter().map(|found| format!("{}: {found}", text(case, "name"))));
        }
    }

    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(seen >= least || stage::is_narrowed(), "only {seen} cases");
}

#[test]
fn what_people_change_is_found_named_attributed_and_can_be_written() {
    check(include_str!("people.json"), wrong_with_person, 40);
}

#[test]
fn what_services_do_by_themselves_is_nobodys_change() {
    check(include_str!("noise.json"), wrong_with_noise, 20);
}

#[test]
fn who_may_only_read_is_told_everything_and_takes_no_lock() {
    let stage = Stage::made("storage");
    let cases = cases(include_str!("people.json"));
    stage.done(&cases["storage"][0]);
    stage.refuse_writes();
    let state = std::fs::read(stage.path("terraform.tfstate")).unwrap();
    // Somebody else holds the lock.
    std::fs::write(stage.path(".terraform.tfstate.lock.info"), "{}").unwrap();

    let (exit, report) = stage.json(&["drift", "-json"]);

    assert_eq!(exit, 2);
    assert_eq!(report["summary"]["classes"]["person"], 1, "{report:#}");
    assert_eq!(std::fs::read(stage.path("terraform.tfstate")).unwrap(), state);
}

#[test]
fn what_cannot_be_read_is_listed_and_the_others_are_told() {
    let stage = Stage::made("storage");
    let cases = cases(include_str!("people.json"));
    stage.done(&cases["storage"][0]);
    for (path, status) in [("/o/index.html", 403), ("hmacKeys", 500)] {
        stage.fault(&serde_json::json!({ "path": path, "status": status, "times": 1000 }));
    }

    let (exit, report) = stage.json(&["drift", "-json"]);
    let told = stage.run(&["drift", "-html-into=drift.html", "-md-into=drift.md"]);

    assert_eq!(exit, 1, "{report:#}");
    let unread = report["unread"].as_array().unwrap();
    let names: Vec<&str> = unread.iter().filter_map(|of| of["address"].as_str()).collect();
    let wanted = ["google_storage_bucket_object.index", "google_storage_hmac_key.key"];
    assert_eq!(names, wanted, "{report:#}");
    assert!(of(&report, "google_storage_bucket.files").is_some(), "{report:#}");
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(told.exit, 1);
    for text in [told.out, read(&stage, "drift.html"), read(&stage, "drift.md")] {
        assert!(text.contains("Not read: google_storage_bucket"), "{text}");
    }
}

fn read(stage: &Stage, name: &str) -> String {
    std::fs::read_to_string(stage.path(name)).unwrap()
}

#[test]
fn where_the_logs_may_not_be_read_it_is_told_once_and_nobody_is_blamed() {
    let stage = Stage::made("storage");
    let cases = cases(include_str!("people.json"));
    stage.done(&cases["storage"][0]);
    stage.deny("logging.logEntries.list");

    let (exit, report) = stage.json(&["drift", "-json"]);

    assert_eq!(exit, 2);
    assert_eq!(report["summary"]["classes"]["unknown"], 1, "{report:#}");
    assert_eq!(report["notes"].as_array().unwrap().len(), 1, "{report:#}");
    assert!(report["notes"][0].as_str().unwrap().contains("audit logs of the project \"demo\""));
}

#[test]
fn rules_take_findings_away_until_their_day_and_wrong_ones_are_told_with_their_place() {
    let stage = Stage::made("storage");
    let cases = cases(include_str!("people.json"));
    stage.done(&cases["storage"][0]);

    stage.write(".terraneignore", "google_storage_bucket.* labels[*] until=2026-12-31 # known\n");
    let (exit, report) = stage.json(&["drift", "-json"]);
    assert_eq!((exit, &report["ignored"][0]["reason"]), (0, &Json::from("known")), "{report:#}");

    stage.write(".terraneignore", "google_storage_bucket.* labels[*] until=2025-12-31\n");
    let told = stage.run(&["drift"]);
    assert_eq!(told.exit, 2);
    assert!(told.out.contains("Rule of .terraneignore is over"), "{}{}", told.out, told.err);

    stage.write(".terraneignore", "\ngoogle_storage_bucket.* knd=changed\n");
    let told = stage.run(&["drift"]);
    assert_eq!(told.exit, 1);
    assert!(told.err.contains(".terraneignore line 2"), "{}", told.err);
}

#[test]
fn what_a_block_ignores_is_no_drift() {
    let stage = Stage::made("storage");
    let request = serde_json::json!({
        "method": "PATCH", "path": "/storage/v1/b/demo-logs", "body": { "storageClass": "NEARLINE" },
    });
    stage.done(&serde_json::json!({ "name": "a class that its block ignores", "do": [request] }));

    let (exit, report) = stage.json(&["drift", "-json"]);

    assert_eq!(exit, 0, "{report:#}");
    assert_eq!(report["ignored"][0]["attributes"][0]["name"], "storage_class", "{report:#}");
}

#[test]
fn one_finding_is_accepted_and_the_others_are_left() {
    let stage = Stage::made("storage");
    let request = |bucket: &str| {
        serde_json::json!({
            "method": "PATCH", "path": format!("/storage/v1/b/{bucket}"), "body": { "labels": { "app": "x" } },
        })
    };
    let both = [request("demo-logs"), request("demo-files")];
    stage.done(&serde_json::json!({ "name": "two labels", "do": both }));

    let (exit, report) = stage.json(&["drift", "-json", "-accept=google_storage_bucket.logs"]);

    assert_eq!(exit, 2, "{report:#}");
    assert_eq!(report["accepted"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(report["findings"][0]["address"], "google_storage_bucket.files", "{report:#}");
    assert!(stage.texts().contains("    app  = \"x\"\n"), "{}", stage.texts());
    assert!(stage.texts().contains("    app = \"polls\" # the app's name"), "{}", stage.texts());
}

#[test]
fn what_the_state_has_taken_in_is_still_not_as_written() {
    let stage = Stage::made("storage");
    let cases = cases(include_str!("people.json"));
    stage.done(&cases["storage"][0]);
    let ran = stage.run(&["apply", "-refresh-only", "-auto-approve"]);
    assert_eq!(ran.exit, 0, "{}{}", ran.out, ran.err);

    let (exit, report) = stage.json(&["drift", "-json"]);

    let finding = of(&report, "google_storage_bucket.files").unwrap();
    assert_eq!(exit, 2);
    assert_eq!((&finding["kind"], &finding["class"]), (&"unapplied".into(), &"person".into()));
    assert_eq!(finding["attributes"][0]["recorded"], "other", "{finding:#}");
    assert_eq!(finding["attributes"][0]["configured"], "polls", "{finding:#}");
}
