//! What the API has and the provider's schema lacks, against the server: it takes what is sent, nothing more is planned, and a
//! change is one update. `laws/beyond.json` has rows of a type, what is written over its minimal configuration, and what that
//! becomes.

use serde_json::{Map, Value as Json};
use terrane::addr::Mode;
use terrane::value::Value;

use super::bench::Bench;

fn read(name: &str) -> Json {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kubernetes/laws");
    let text = std::fs::read_to_string(format!("{folder}/{name}.json")).expect("it is there");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Writes one configuration over another: objects by name, the first element of a list by its fields.
fn over(below: &mut Json, above: &Json) {
    match (below, above) {
        (Json::Object(below), Json::Object(above)) => {
            for (name, part) in above {
                over(below.entry(name.clone()).or_insert(Json::Null), part);
            }
        }
        (Json::Array(below), Json::Object(_)) => over(&mut below[0], above),
        (below, above) => *below = above.clone(),
    }
}

fn schema_has(
    schema: &std::collections::BTreeMap<String, terrane::schema::Field>,
    json: &Json,
) -> bool {
    let fields = json.as_object().into_iter().flat_map(Map::iter);
    let mut known = fields.filter_map(|(name, part)| Some((schema.get(name)?, part)));
    known.any(|(field, part)| {
        let within =
            |part: &Json| field.inside().is_some_and(|block| schema_has(&block.fields, part));
        field.beyond || within(part) || part.as_array().is_some_and(|all| all.iter().any(within))
    })
}

#[tokio::test]
async fn the_server_takes_what_the_provider_lacks_and_a_change_of_it() {
    let bench = Bench::start(1).await;
    let rows = read("beyond");
    let mut wrong = Vec::new();

    for row in rows.as_array().expect("rows") {
        let type_name = row[0].as_str().expect("a type");
        let [first, second] = [&row[1], &row[2]].map(|more| {
            let mut config = read(type_name)["minimal"].clone();
            over(&mut config, more);
            config
        });
        let schema = bench.provider.resource(Mode::Managed, type_name).expect("it is there");
        assert!(schema_has(&schema.fields, &row[1]), "{type_name}: {} is the provider's", row[1]);
        let kept = match bench.create(type_name, &first).await {
            Ok(kept) => kept,
            Err(failure) => {
                wrong.push(format!("{type_name} {}: {}", row[1], failure.error));
                continue;
            }
        };
        if !bench.is_settled(&kept).await {
            wrong.push(format!("{type_name} {}: the next plan is not empty", row[1]));
        }
        let id = kept.observed.value.field("id").and_then(Value::as_str).expect("an id");
        let mut imported = bench.import(type_name, id, &first).await.expect("it is there");
        let found = imported.observed.clone();
        imported.observed = bench.provider.imported(type_name, found, &imported.config);
        let (_, planned) = bench.plan(&imported, None);
        let same = planned.after.without_marks() == imported.observed.value.without_marks();
        if !same || !planned.replaces.is_empty() {
            wrong.push(format!("{type_name} {}: an import does not take it in", row[1]));
        }
        let kept = match bench.update(&kept, Some(&second)).await {
            Ok(changed) => changed,
            Err(failure) => {
                wrong.push(format!("{type_name} {}: {}", row[2], failure.error));
                kept
            }
        };
        if !bench.is_settled(&kept).await {
            wrong.push(format!("{type_name} {}: the next plan is not empty", row[2]));
        }
        // What is given no more is the server's again.
        match bench.update(&kept, Some(&read(type_name)["minimal"])).await {
            Ok(plain) if bench.is_settled(&plain).await => {}
            Ok(_) => wrong.push(format!("{type_name} {}: it does not go", row[1])),
            Err(failure) => wrong.push(format!("{type_name} without: {}", failure.error)),
        }
        if let Err(failure) = bench.delete(&kept).await {
            wrong.push(format!("{type_name}: not removed: {}", failure.error));
        }
    }

    bench.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
