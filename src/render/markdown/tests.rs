//! The laws of a plan's Markdown.

use serde_json::json;

use super::*;
use crate::diag::Sources;
use crate::plan::{Plan, Verb};
use crate::render::plan::tests::{change, plan_of, value};
use crate::render::report::Places;
use crate::review::finding::Finding;
use crate::review::risk::{Risk, RiskKind};
use crate::review::{Certainty, Item, Review};

fn item(address: &str) -> Item {
    Item {
        address: address.parse().unwrap(),
        deposed: None,
        place: None,
        calls: Vec::new(),
        certainty: Certainty::Certain,
        parts: Vec::new(),
        repeated: Vec::new(),
        gone: false,
        risks: Vec::new(),
    }
}

fn told(plan: &Plan, review: &Review, findings: &[Finding]) -> String {
    let (sources, places) = (Sources::default(), Places::default());
    let report = Report {
        plan,
        review,
        schemas: &|_, _| None,
        sources: &sources,
        findings,
        places: &places,
        group: None,
    };
    super::plan(&report)
}

fn many(count: usize, verb: &dyn Fn(usize) -> Verb) -> Plan {
    let names: Vec<String> =
        (0..count).map(|at| format!("module.m.a.b[\"key-{at:05}\"]")).collect();
    let changes = names.iter().enumerate();
    plan_of(changes.map(|(at, name)| (name.as_str(), change(verb(at)))).collect())
}

#[test]
fn what_policies_and_users_say_is_text() {
    let after = value(json!({ "text": "a ```` b\n</details>\n@someone\n" }));
    let plan = plan_of(vec![("a.b[\"<x>|@y\"]", change(Verb::Create { after }))]);
    let finding = Finding {
        severity: Severity::Deny,
        message: "no <script> for @admin | `x`".into(),
        policy: "p".into(),
        address: Some("a.b".into()),
    };

    let told = told(&plan, &Review::default(), &[finding]);

    let outside: String = told
        .split("`````")
        .enumerate()
        .filter(|(at, _)| at % 2 == 0)
        .map(|(_, text)| text)
        .collect();
    assert!(told.contains("`````diff\n"), "{told}");
    assert!(!outside.contains("<script") && !outside.contains("@admin"), "{outside}");
    assert!(!outside.contains("<x>"), "{outside}");
    assert_eq!(outside.matches("</details>").count(), 1, "{outside}");
}

#[test]
fn what_destroys_or_is_highly_dangerous_is_never_left_out() {
    let long = "x".repeat(300);
    for (count, every) in [(20, 2), (400, 4), (3_000, 10), (3_000, 3)] {
        let plan = many(count, &|at| match at % every {
            0 => Verb::Delete { before: value(json!({ "text": long })) },
            1 => Verb::Update {
                before: value(json!({ "text": long })),
                after: value(json!({ "text": "y" })),
            },
            _ => Verb::Create { after: value(json!({ "text": long })) },
        });
        let mut review = Review::default();
        for (at, (address, _)) in plan.changes.keys().enumerate() {
            let mut item = item(&address.to_string());
            if at % every == 1 && at < 40 {
                let why = "it opens".to_string();
                item.risks.push(Risk { kind: RiskKind::Exposure, why, perhaps: false });
            }
            review.items.push(item);
        }

        let told = told(&plan, &review, &[]);

        assert!(length(&told) <= LONGEST, "{count}: {}", length(&told));
        for ((address, _), change) in &plan.changes {
            let severe = matches!(change.verb, Verb::Delete { .. })
                || !review.item(address, None).unwrap().risks.is_empty();
            let key = code(&address.key.as_ref().unwrap().to_string());
            let key = key.trim_start_matches("<code>").trim_end_matches("</code>");
            assert!(!severe || told.contains(key), "{count}: {address} is not told");
        }
    }
}

#[test]
fn details_of_what_is_made_are_left_out_first() {
    let long = "x".repeat(1_500);
    let plan = many(60, &|at| match at % 3 {
        0 => Verb::Delete { before: value(json!({ "gone": long })) },
        1 => Verb::Update { before: value(json!({ "old": 1 })), after: value(json!({ "old": 2 })) },
        _ => Verb::Create { after: value(json!({ "made": long })) },
    });

    let told = told(&plan, &Review::default(), &[]);

    assert!(told.contains("gone = ") && told.contains("old = 1 -> 2"), "{told}");
    assert!(!told.contains("made = "), "{told}");
    assert!(told.contains("The details of 20 changes are left out"), "{told}");
}

#[test]
fn many_blocks_are_counted_where_their_names_do_not_fit() {
    for each in [
        "module.m[\"key-NUMBER\"].a.b",
        "module.m.a.a_block_of_its_own_NUMBER",
        "module.m_NUMBER.a.b",
    ] {
        let names: Vec<String> =
            (0..3_000).map(|at| each.replace("NUMBER", &format!("{at:05}"))).collect();
        let gone = || change(Verb::Delete { before: value(json!({ "text": "x" })) });
        let plan = plan_of(names.iter().map(|name| (name.as_str(), gone())).collect());

        let told = told(&plan, &Review::default(), &[]);

        assert!(length(&told) <= LONGEST, "{each}: {}", length(&told));
        assert!(told.contains("3000 to destroy") && told.contains("**What to look at"), "{told}");
    }
}

#[test]
fn two_thousand_blocks_that_are_destroyed_are_told_within_a_comment() {
    let made = many(2_000, &|_| Verb::Delete { before: value(json!({ "text": "x" })) });
    let mut plan = Plan::default();
    for (at, (_, change)) in made.changes.into_iter().enumerate() {
        let name = match at {
            1_000 => "module.shop[\"a\"].google_storage_bucket.the_odd_one".to_string(),
            _ => format!("module.shop[\"a\"].google_storage_bucket.media_of_the_customer_{at}"),
        };
        plan.changes.insert((name.parse().unwrap(), None), change);
    }

    let told = told(&plan, &Review::default(), &[]);

    assert!(length(&told) <= LONGEST, "{}", length(&told));
    assert!(told.contains("{0–999,1001–1999}"), "{told}");
    assert!(told.contains("the_odd_one"), "{told}");
    assert!(told.contains("(2000 objects)"), "{told}");
}
