//! A labelled corpus of changes: no dangerous one is told as harmless, and no harmless one as dangerous.

use std::collections::BTreeSet;
use std::sync::Arc;

use terrane::config::Config;
use terrane::diag::Sources;
use terrane::eval::{Inputs, ProviderRef};
use terrane::plan::{Change, Plan, Verb};
use terrane::providers::risks;
use terrane::review::{Given, review};
use terrane::value::json::from_json;
use terrane::value::{Type, Value};

const CORPUS: &str = include_str!("changes.txt");

/// Gives a value; the text "?" is not known.
fn value(text: &str) -> Value {
    fn open(value: &Value) -> Value {
        match value.as_str() {
            Some("?") => Value::unknown(Type::String),
            _ => value.map_parts(&mut |part| open(part)),
        }
    }
    open(&from_json(&serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))))
}

fn change(verb: Verb) -> Change {
    let provider = ProviderRef {
        module: Vec::new(),
        name: "x".into(),
        source: "hashicorp/x".into(),
        alias: None,
    };
    Change {
        verb,
        reason: None,
        provider: Arc::new(provider),
        config: None,
        needs: BTreeSet::new(),
        span: None,
        places: Vec::new(),
        replaces: Vec::new(),
        private: Vec::new(),
        importing: None,
        notes: Vec::new(),
        create_before_destroy: false,
    }
}

/// Gives the kinds of a change's risks, in brackets where they are not certain.
fn told(type_name: &str, verb: Verb) -> BTreeSet<String> {
    let address: terrane::addr::Address = format!("{type_name}.x").parse().unwrap();
    let mut plan = Plan::default();
    plan.changes.insert((address, None), change(verb));
    let review = review(&Given {
        plan: &plan,
        config: &Config::default(),
        sources: &Sources::default(),
        inputs: &Inputs::default(),
        schemas: &|_, _| None,
        rules: &|address| risks::of(&address.type_name),
        whole: false,
    });
    let risks = review.items.iter().flat_map(|item| &item.risks);
    let name = |risk: &terrane::review::risk::Risk| match risk.perhaps {
        true => format!("({})", risk.kind.name()),
        false => risk.kind.name().to_string(),
    };
    risks.map(name).collect()
}

#[test]
fn the_dangers_of_changes_are_those_that_people_name() {
    let mut wrong = Vec::new();
    let lines = CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lines: Vec<&str> = lines.collect();
    for line in &lines {
        let (what, kinds) = line.rsplit_once(" : ").unwrap();
        let mut words = what.splitn(3, ' ');
        let (verb, type_name) = (words.next().unwrap(), words.next().unwrap());
        let sides = words.next().unwrap();
        let (first, second) = sides.split_once(" => ").unwrap_or((sides, sides));
        let (before, after) = (value(first), value(second));
        let verb = match verb {
            "create" => Verb::Create { after },
            "update" => Verb::Update { before, after },
            "replace" => Verb::Replace { before, after, create_first: false },
            "delete" => Verb::Delete { before },
            other => panic!("no verb {other}"),
        };
        let expected = kinds.split(' ').filter(|kind| *kind != "-").map(str::to_string);
        let (told, expected) = (told(type_name, verb), expected.collect::<BTreeSet<_>>());
        if told != expected {
            wrong.push(format!("{line}\n    told: {told:?}"));
        }
    }

    assert!(lines.len() >= 60);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rules_are_of_types_that_there_are() {
    let known = |name: &str| {
        let prefixes = ["google_", "kubernetes_", "helm_", "random_", "tls_", "local_"];
        prefixes.iter().any(|prefix| name.starts_with(prefix))
    };
    let strange: Vec<&str> = risks::types().filter(|name| !known(name)).collect();

    assert!(strange.is_empty(), "{strange:?}");
}
