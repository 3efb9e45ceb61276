//! What lists are asked for: the members that the resource files read, and all that decoding needs.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use terrane::addr::Mode;
use terrane::http::{Method, Request};
use terrane::providers::Provider;
use terrane::providers::rest::mask;
use terrane::sandbox::Service;
use terrane::sandbox::google::partial::partial;
use terrane::value::Value;

use super::laws::{block_on, enable};
use super::support::{Bench, differences};
use super::traffic_codec::answers;

/// The members that a list of a type asks for of each object.
fn of_each(bench: &Bench, type_name: &str) -> Option<String> {
    let fields = mask::listed(&bench.spec(type_name), "items", false)?;
    Some(fields.strip_prefix("items(")?.strip_suffix(")")?.to_string())
}

#[test]
fn a_bucket_is_asked_for_what_its_file_reads() {
    let bench = Bench::new();

    let fields = of_each(&bench, "google_storage_bucket").unwrap();

    for (name, asked) in [("name", true), ("lifecycle", true), ("acl", false), ("owner", false)] {
        let there = fields.split([',', '/', '(', ')']).any(|one| one == name);
        assert_eq!(there, asked, "{name}: {fields}");
    }
}

#[test]
fn every_recorded_object_is_read_the_same_without_what_is_not_asked_for() {
    let (bench, mut cut_short, mut different) = (Bench::new(), 0, BTreeSet::new());
    for (type_name, object) in answers() {
        let spec = bench.spec(type_name);
        let Some(fields) = of_each(&bench, type_name) else { continue };
        let cut = partial(&object, &fields);

        let whole = bench.session.decoded(&spec, &object, None);
        let less = bench.session.decoded(&spec, &cut, None);
        let mut found = Vec::new();
        differences(&whole, &less, "", &mut found);
        let whole = bench.session.decoded(&spec, &object, Some(&whole));
        let less = bench.session.decoded(&spec, &cut, Some(&less));
        differences(&whole, &less, "", &mut found);
        let name = |text: &str| text.split([':', '[']).next().unwrap_or_default().to_string();
        different.extend(found.iter().map(|text| format!("{type_name}{}", name(text))));
        cut_short += usize::from(cut.to_string().len() < object.to_string().len());
    }
    assert_eq!(different, BTreeSet::new());
    assert!(cut_short > 300, "{cut_short}");
}

#[test]
fn the_services_know_every_member_that_is_asked_for() {
    block_on(async {
        let bench = Bench::new();
        enable(&bench).await;
        let mut wrong = Vec::new();
        for type_name in bench.provider.type_names(Mode::Managed) {
            let spec = bench.spec(&type_name);
            let usual = spec.list.as_ref().map(|list| (&list.call, &list.items, false));
            let found = spec.discover.as_ref().and_then(|found| {
                found.list.as_ref().map(|(call, items)| (call, items, found.aggregated))
            });
            for (call, items, aggregated) in usual.into_iter().chain(found) {
                let names = json!({});
                let value = bench.config(&type_name, &names);
                let value = spec.parts.iter().fold(value, |value, part| match part.ty() {
                    terrane::value::Type::String => {
                        value.with_field(&part.name, Value::string("asia-south1"))
                    }
                    _ => value,
                });
                let value = value.with_field("project", Value::string("polls-demo"));
                let Ok(path) = call.path.url(&value) else { continue };
                let ask = terrane::providers::rest::api::Ask::get(&spec.service, path, "listing");
                let ask = mask::masked(ask, &spec, items, aggregated);
                let answer = bench.session.api.send(&ask, &*bench.session.api.clock).await;

                if let Err(refused) = answer
                    && refused.status() == 400
                {
                    wrong.push(format!("{type_name}: {} {}", refused.message, ask.path));
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    });
}

#[test]
fn a_member_that_a_service_does_not_know_is_refused_in_its_words() {
    let bench = Bench::new();
    block_on(enable(&bench));
    let token = bench.world.answer(&Request::new(Method::POST, "/sandbox/token"));
    let token: Json = serde_json::from_slice(token.bytes()).unwrap();
    let said = |url: &str| {
        let mut request = Request::new(Method::GET, url);
        let header = format!("Bearer {}", token["access_token"].as_str().unwrap());
        request.headers.insert("authorization", header.parse().unwrap());
        let answer = bench.world.answer(&request);
        (answer.status.as_u16(), String::from_utf8_lossy(answer.bytes()).into_owned())
    };

    let (status, text) = said("/storage/v1/b?project=polls-demo&fields=items(name,nothing)");
    assert!(status == 400 && text.contains("Invalid field selection items/nothing"), "{text}");
    let (status, text) =
        said("/v1/projects/polls-demo/locations/-/clusters?fields=clusters/nodeConfig/nothing");
    let words = "Cannot find matching fields for path 'clusters/nodeConfig/nothing'";
    assert!(status == 400 && text.contains(words), "{text}");
    let (status, text) = said("/storage/v1/b?project=polls-demo&fields=kind,items/labels/any");
    assert!(status == 200 && text.contains("kind"), "{text}");
}
