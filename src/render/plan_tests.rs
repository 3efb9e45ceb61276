//! The laws of a plan's text.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::*;
use crate::eval::ProviderRef;
use crate::plan::{OutputChange, Reason};
use crate::schema::{BlockKind, Field, Given};
use crate::value::json::from_json;
use crate::value::{Path, Type};

pub(crate) fn change(verb: Verb) -> Change {
    Change {
        verb,
        reason: None,
        provider: std::sync::Arc::new(ProviderRef {
            module: Vec::new(),
            name: "x".into(),
            source: "hashicorp/x".into(),
            alias: None,
        }),
        config: None,
        needs: Default::default(),
        span: None,
        places: Vec::new(),
        replaces: Vec::new(),
        private: Vec::new(),
        importing: None,
        notes: Vec::new(),
        create_before_destroy: false,
    }
}

/// A value from JSON, where the text `?` is unknown and `!x` a secret.
pub(crate) fn value(json: Json) -> Value {
    fn marked(value: &Value) -> Value {
        match value.as_str() {
            Some("?") => Value::unknown(Type::String),
            Some(text) if text.starts_with('!') => Value::string(&text[1..]).sensitive(),
            _ => value.map_parts(&mut |part| marked(part)),
        }
    }
    marked(&from_json(&json))
}

pub(crate) fn plan_of(changes: Vec<(&str, Change)>) -> Plan {
    let changes = changes.into_iter();
    let changes = changes.map(|(address, change)| ((address.parse().unwrap(), None), change));
    Plan { changes: changes.collect(), ..Plan::default() }
}

fn told(plan: &Plan) -> String {
    told_by(plan, &|_, _| None)
}

fn told_by(plan: &Plan, schemas: &SchemaOf<'_>) -> String {
    super::plan(plan, &Review::default(), schemas, &Sources::default(), &Style::default())
}

/// The text of one change without header and summary.
fn body(address: &str, change: Change) -> String {
    let text = told(&plan_of(vec![(address, change)]));
    let start = text.find("  # ").unwrap();
    text[start..text.find("\nPlan:").unwrap()].to_string()
}

fn update(before: Json, after: Json) -> Change {
    change(Verb::Update { before: value(before), after: value(after) })
}

#[test]
fn a_created_object_shows_what_is_known_and_says_what_is_not() {
    let after = json!({ "id": "?", "input": { "x": 1, "y": "!s" }, "none": null, "tags": [1, "a"],
        "text": "hello\nworld\n", "empty": {}, "list": [] });
    let text = told(&plan_of(vec![("a.b[0]", change(Verb::Create { after: value(after) }))]));

    let expected = r#"Resource actions are indicated with the following symbols:
  + create

Terrane will perform the following actions:

  # a.b[0] will be created
  + resource "a" "b" {
      + empty = {}
      + id    = (known after apply)
      + input = {
          + x = 1
          + y = (sensitive value)
        }
      + list  = []
      + tags  = [
          + 1,
          + "a",
        ]
      + text  = <<-EOT
            hello
            world
        EOT
    }

Plan: 1 to add, 0 to change, 0 to destroy.
"#;
    assert_eq!(text, expected);
}

#[test]
fn an_update_hides_and_counts_what_is_unchanged() {
    let text = body(
        "a.b",
        update(
            json!({ "id": "i", "same": 1, "input": { "x": 1, "y": "!s" }, "out": { "x": 1 },
                "text": "hello\nworld\n", "gone": "g", "list": [1.5, "x", null, 7, 8, 9] }),
            json!({ "id": "i", "same": 1, "input": { "x": 2, "y": "!s", "z": [1, { "q": 3 }] },
                "out": "?", "text": "hello\nworld2\n", "gone": null,
                "list": [1.5, "y", null, 7, 8, 9] }),
        ),
    );

    let expected = r#"  # a.b will be updated in-place
  ~ resource "a" "b" {
      - gone  = "g" -> null
        id    = "i"
      ~ input = {
          ~ x = 1 -> 2
          + z = [
              + 1,
              + {
                  + q = 3
                },
            ]
            # (1 unchanged attribute hidden)
        }
      ~ list  = [
            1.5,
          - "x",
          + "y",
            null,
            # (3 unchanged elements hidden)
        ]
      ~ out   = {
          - x = 1
        } -> (known after apply)
      ~ text  = <<-EOT
            hello
          - world
          + world2
        EOT
        # (1 unchanged attribute hidden)
    }
"#;
    assert_eq!(text, expected);
}

#[test]
fn a_replacement_says_which_parts_force_it() {
    let before = value(json!({ "id": "i", "location": "EU", "labels": { "a": "b" } }));
    let after = value(json!({ "id": "?", "location": "US", "labels": { "a": "c" } }));
    let mut changed = change(Verb::Replace { before, after, create_first: false });
    changed.replaces = vec![Path::root().attribute("location"), Path::root().attribute("labels")];

    let text = body("a.b", changed);

    let expected = r#"  # a.b must be replaced
-/+ resource "a" "b" {
      ~ id       = "i" -> (known after apply)
      ~ labels   = { # forces replacement
          ~ a = "b" -> "c"
        }
      ~ location = "EU" -> "US" # forces replacement
    }
"#;
    assert_eq!(text, expected);
}

#[test]
fn a_removed_object_shows_all_that_goes_and_why() {
    let before = value(json!({ "id": "i", "input": { "x": 1, "y": "!s" }, "key": "!k" }));
    let mut changed = change(Verb::Delete { before });
    changed.reason = Some(Reason::CountIndex);

    let text = body("a.b[1]", changed);

    let expected = r#"  # a.b[1] will be destroyed
  # (because index [1] is out of range for count)
  - resource "a" "b" {
      - id    = "i" -> null
      - input = {
          - x = 1
          - y = (sensitive value)
        } -> null
      - key   = (sensitive value) -> null
    }
"#;
    assert_eq!(text, expected);
}

#[test]
fn json_and_yaml_texts_are_compared_by_what_they_say() {
    let text = body(
        "a.b",
        update(
            json!({ "policy": "{\"a\": 1, \"b\": [true]}", "values": "x: 1\ny:\n  - a\n" }),
            json!({ "policy": "{\"b\":[true],\"a\":2}", "values": "x: 1\ny:\n- a\n- b\n" }),
        ),
    );

    let expected = r#"  # a.b will be updated in-place
  ~ resource "a" "b" {
      ~ policy = jsonencode(
          ~ {
              ~ a = 1 -> 2
                # (1 unchanged attribute hidden)
            }
        )
      ~ values = yamlencode(
          ~ {
              ~ y = [
                    "a",
                  + "b",
                ]
                # (1 unchanged attribute hidden)
            }
        )
    }
"#;
    assert_eq!(text, expected);
}

#[test]
fn blocks_stand_apart_and_sensitive_fields_are_sealed_by_the_schema() {
    let text_field = || Field::attribute(Type::String, Given::Optional);
    let inner: BTreeMap<String, Field> =
        [("machine".to_string(), text_field()), ("token".to_string(), text_field().sensitive())]
            .into();
    let schema = Arc::new(Schema {
        fields: [
            ("name".to_string(), text_field()),
            ("node".to_string(), Field::block(BlockKind::List, 0, None, inner.clone())),
            ("other".to_string(), Field::block(BlockKind::List, 0, None, inner.clone())),
            ("timeouts".to_string(), Field::block(BlockKind::Single, 0, Some(1), inner)),
        ]
        .into(),
        ..Schema::default()
    });
    let mut changed = update(
        json!({ "name": "n", "node": [{ "machine": "a", "token": "t" }], "other": [{ "machine": "a" }],
            "timeouts": null }),
        json!({ "name": "n", "node": [{ "machine": "b", "token": "u" }, { "machine": "c", "token": null }],
            "other": [{ "machine": "a" }], "timeouts": {} }),
    );
    changed.replaces = vec![Path::root().attribute("node").place(0).attribute("machine")];

    let text = told_by(&plan_of(vec![("a.b", changed)]), &|_, _| Some(Arc::clone(&schema)));

    let expected = r#"  ~ resource "a" "b" {
        name = "n"

      ~ node {
          ~ machine = "a" -> "b" # forces replacement
          ~ token   = (sensitive value)
        }

      + node {
          + machine = "c"
        }

      + timeouts {}

        # (1 unchanged block hidden)
    }
"#;
    assert!(text.contains(expected), "{text}");
}

#[test]
fn outputs_are_told_with_their_changes() {
    let output = |before: Option<Json>, after: Option<Json>, sensitive| OutputChange {
        before: before.map(value),
        after: after.map(value),
        sensitive,
        was_sensitive: sensitive,
    };
    let plan = Plan {
        outputs: [
            ("e".to_string(), output(Some(json!({})), None, false)),
            ("ml".to_string(), output(None, Some(json!("a\nb\n")), false)),
            ("same".to_string(), output(Some(json!(1)), Some(json!(1)), false)),
            ("t".to_string(), output(Some(json!("x")), Some(json!("y")), true)),
        ]
        .into(),
        ..Plan::default()
    };

    let expected = r#"
Changes to Outputs:
  - e    = {} -> null
  + ml   = <<-EOT
        a
        b
    EOT
  ~ t    = (sensitive value)

You can apply this plan to save these new output values to the Terrane state,
without changing any real infrastructure.
"#;
    assert_eq!(told(&plan), expected);
}

#[test]
fn a_plan_without_changes_says_so() {
    let keep = change(Verb::Keep { before: value(json!({ "id": "i" })) });

    let text = told(&plan_of(vec![("a.b", keep)]));

    assert!(
        text.starts_with("No changes. Your infrastructure matches the configuration.\n"),
        "{text}"
    );
}

/// Makes a plan of an object of which `x` has drifted.
fn drifted() -> Plan {
    let mut plan = plan_of(vec![("a.b", update(json!({ "x": 1 }), json!({ "x": 2 })))]);
    let saved = value(json!({ "x": 2, "y": 1 }));
    let provider = change(Verb::Keep { before: saved.clone() }).provider;
    let found = Some(value(json!({ "x": 1, "y": 1 })));
    let drift = Drift { saved, found, paths: vec![Path::root().attribute("x")], provider };
    plan.drift.insert("a.b".parse().unwrap(), drift);
    plan
}

#[test]
fn drift_that_has_a_part_in_the_changes_stands_before_them() {
    let mut plan = drifted();
    plan.relevant = vec![("a.b".parse().unwrap(), Path::root().attribute("x"))];

    let text = told(&plan);

    assert!(
        text.contains("  # a.b has changed\n  ~ resource \"a\" \"b\" {\n      ~ x = 2 -> 1\n"),
        "{text}"
    );
}

#[test]
fn drift_without_a_part_in_the_changes_is_told_only_where_all_is_asked_for() {
    let mut plan = drifted();
    plan.relevant = vec![
        ("a.b".parse().unwrap(), Path::root().attribute("y")),
        ("a.c".parse().unwrap(), Path::root()),
    ];

    let planned = told(&plan);
    plan.base.mode = PlanMode::RefreshOnly;
    let refreshing = told(&plan);

    assert!(!planned.contains("has changed"), "{planned}");
    assert!(refreshing.contains("  # a.b has changed\n"), "{refreshing}");
}

#[test]
fn no_secret_is_told_whatever_becomes_of_it() {
    let secret = || value(json!({ "k": "!hunter2", "m": { "n": "!hunter2" }, "j": ["!hunter2"] }));
    let other = || value(json!({ "k": "!hunter3", "m": { "n": "hunter-free" }, "j": [] }));
    for verb in [
        Verb::Create { after: secret() },
        Verb::Delete { before: secret() },
        Verb::Update { before: secret(), after: other() },
        Verb::Update { before: other(), after: secret() },
        Verb::Replace { before: secret(), after: other(), create_first: true },
    ] {
        let text = told(&plan_of(vec![("a.b", change(verb))]));

        assert!(!text.contains("hunter2") && !text.contains("hunter3"), "{text}");
    }
}
