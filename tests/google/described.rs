//! Every call and every place of the resource files against the bundled descriptions of the services.

use serde_json::Value as Json;
use terrane::addr::Mode;
use terrane::providers::Provider;
use terrane::providers::rest::spec::{Call, Part, Place, Shape, Spec};
use terrane::sandbox::google::described::{Api, all};

use super::support::Bench;

/// What stands for placeholders that are paths themselves.
const PATHS: &[(&str, &str)] = &[
    ("google_kms_crypto_key.key_ring", "projects/p/locations/l/keyRings/r"),
    ("google_kms_crypto_key.id", "projects/p/locations/l/keyRings/r/cryptoKeys/k"),
    ("google_kms_crypto_key.name", "k"),
    ("google_secret_manager_secret_version.secret", "projects/p/secrets/s"),
    ("google_secret_manager_secret_version.name", "projects/p/secrets/s/versions/1"),
    ("google_service_account.name", "projects/p/serviceAccounts/a"),
    ("google_service_account_key.name", "projects/p/serviceAccounts/a/keys/k"),
    ("google_service_account_key.service_account_id", "projects/p/serviceAccounts/a"),
    ("google_storage_bucket_iam_binding.bucket", "b/x"),
    ("google_storage_bucket_iam_member.bucket", "b/x"),
    ("google_storage_bucket_iam_policy.bucket", "b/x"),
];

/// Places that are no members of the object's schema, with the reason.
const ELSEWHERE: &[(&str, &str)] = &[
    ("_key", "the name under which a map holds the object"),
    ("google_bigtable_table.column_family.family", "the name under which a map holds the family"),
    (
        "google_storage_bucket_object.contexts.custom.key",
        "the name under which a map holds the context",
    ),
    ("google_bigtable_instance.cluster", "objects of their own, which the hook reads and writes"),
    ("google_compute_instance.metadata", "the hook makes it of a list, and a list of it"),
    ("google_compute_instance.metadata_startup_script", "the hook takes it out of the metadata"),
    ("google_compute_instance.boot_disk", "the hook tells the disks apart by their kinds"),
    ("google_compute_instance.attached_disk", "the hook tells the disks apart by their kinds"),
    ("google_compute_instance.scratch_disk", "the hook tells the disks apart by their kinds"),
    (
        "google_compute_instance.reservation_affinity.specific_reservation",
        "the hook puts its members one level up",
    ),
    ("google_compute_instance.service_account", "the first of a list, for the hook"),
    ("google_sql_database_instance.first_ip_address", "the hook takes it out of the addresses"),
    ("google_sql_database_instance.private_ip_address", "the hook takes it out of the addresses"),
    ("google_sql_database_instance.public_ip_address", "the hook takes it out of the addresses"),
];

/// Types whose object no request has: the bundled description keeps what requests have.
const ONLY_TOLD: &[&str] = &[
    "google_project_service",
    "google_secret_manager_secret_version",
    "google_service_account_key",
];

/// Calls of services whose description is not bundled.
const UNDESCRIBED: &[&str] = &["any"];

fn filled(type_name: &str, path: &str) -> String {
    let mut text = path.to_string();
    while let Some(open) = text.find('{') {
        let Some(close) = text[open..].find('}') else { break };
        let hole = text[open + 1..open + close].trim_end_matches(['/', '?', '*', '%']).to_string();
        let known = PATHS.iter().find(|(of, _)| *of == format!("{type_name}.{hole}"));
        text.replace_range(open..=open + close, known.map_or("x", |(_, text)| text));
    }
    text
}

/// Gives the calls of a file, by what they are for.
fn calls(spec: &Spec) -> Vec<(String, &Call)> {
    let named = [
        ("create", spec.create.as_ref()),
        ("read", spec.read.as_ref()),
        ("list", spec.list.as_ref().map(|list| &list.call)),
        ("update", spec.update.call.as_ref()),
        ("delete", spec.delete.as_ref()),
    ];
    let named = named.into_iter().filter_map(|(name, call)| Some((name.to_string(), call?)));
    named.chain(spec.rpcs.iter().map(|(name, call)| (name.clone(), call))).collect()
}

fn specs() -> Vec<(Bench, Vec<Spec>)> {
    let bench = Bench::new();
    let names = bench.provider.type_names(Mode::Managed);
    let found = names.iter().map(|name| bench.spec(name)).collect();
    vec![(bench, found)]
}

#[test]
fn every_call_of_a_resource_file_is_a_method_of_its_service() {
    let apis = all();
    let mut unresolved = Vec::new();
    let mut resolved = 0;
    for (bench, specs) in specs() {
        for spec in specs.iter().filter(|spec| !UNDESCRIBED.contains(&spec.service.as_str())) {
            for (what, call) in calls(spec) {
                let base = &bench.session.api.bases[&spec.service];
                let below = base.trim_start_matches("http://sandbox/");
                let (_, base) = below.split_once('/').unwrap_or(("", below));
                let path = filled(&spec.type_name, &call.path.to_string());
                let path = format!("{base}{}", path.split('?').next().unwrap_or_default());
                let segments: Vec<String> =
                    path.split('/').filter(|part| !part.is_empty()).map(str::to_string).collect();
                let fits = |api: &Api| !api.matches(call.method.as_str(), &segments).is_empty();
                if apis.iter().any(fits) {
                    resolved += 1;
                } else {
                    unresolved.push(format!("{} {what}: {} {path}", spec.type_name, call.method));
                }
            }
        }
    }

    assert!(unresolved.is_empty(), "{}", unresolved.join("\n"));
    assert!(resolved > 150, "{resolved}");
}

/// Follows a place through a schema: references, lists and maps are passed through.
fn follow<'a>(apis: &[&'a Api], schema: &'a Json, path: &[String]) -> Option<&'a Json> {
    let schema = opened(apis, schema)?;
    let Some((first, rest)) = path.split_first() else { return Some(schema) };
    if let Some(member) = schema["properties"].get(first) {
        return follow(apis, member, rest);
    }
    let map = schema["map"].as_object().map(|_| &schema["map"])?;
    follow(apis, map, rest)
}

fn opened<'a>(apis: &[&'a Api], schema: &'a Json) -> Option<&'a Json> {
    if let Some(name) = schema["$ref"].as_str() {
        let found = apis.iter().find_map(|api| api.schema(name))?;
        return opened(apis, found);
    }
    match schema["type"].as_str() {
        Some("array") => opened(apis, &schema["items"]),
        _ => Some(schema),
    }
}

struct Walk<'a> {
    apis: &'a [&'a Api],
    root: &'a Json,
    unresolved: Vec<String>,
    resolved: usize,
}

impl<'a> Walk<'a> {
    fn parts(&mut self, type_name: &str, parts: &[Part], here: &'a Json) {
        for part in parts {
            let mut inside = Some(here);
            for place in [&part.read, &part.write].into_iter().flatten() {
                inside = self.place(type_name, part, place, here);
            }
            if let (Shape::Block { parts, keyed, .. }, Some(mut inside)) = (&part.shape, inside) {
                if keyed.is_some() && inside["map"].is_object() {
                    inside = opened(self.apis, &inside["map"]).unwrap_or(inside);
                }
                self.parts(&format!("{type_name}.{}", part.name), parts, inside);
            }
        }
    }

    fn place(&mut self, of: &str, part: &Part, place: &Place, here: &'a Json) -> Option<&'a Json> {
        let from = if place.root { self.root } else { here };
        let found = follow(self.apis, from, &place.path);
        let name = format!("{of}.{}", part.name);
        let elsewhere = ELSEWHERE
            .iter()
            .any(|(known, _)| *known == name || place.path.iter().any(|step| step == known));
        match found {
            Some(_) => self.resolved += 1,
            None if elsewhere => {}
            None => self.unresolved.push(format!("{name}: {}", place.path.join("."))),
        }
        found
    }
}

#[test]
fn every_place_of_a_resource_file_is_a_member_of_the_services_object() {
    let apis = all();
    let mut unresolved = Vec::new();
    let mut resolved = 0;
    for (_, specs) in specs() {
        for spec in specs.iter().filter(|spec| !UNDESCRIBED.contains(&spec.service.as_str())) {
            let of = |api: &&Api| api.name == spec.service;
            let own: Vec<&Api> = apis.iter().filter(of).collect();
            let Some(root) = own.iter().find_map(|api| api.schema(&spec.object)) else {
                if ONLY_TOLD.contains(&spec.type_name.as_str()) {
                    continue;
                }
                unresolved.push(format!("{}: no schema {}", spec.type_name, spec.object));
                continue;
            };
            let mut walk = Walk { apis: &own, root, unresolved: Vec::new(), resolved: 0 };
            walk.parts(&spec.type_name, &spec.parts, root);
            unresolved.extend(walk.unresolved);
            resolved += walk.resolved;
        }
    }

    assert!(
        unresolved.is_empty(),
        "{} of {resolved}:\n{}",
        unresolved.len(),
        unresolved.join("\n")
    );
}
