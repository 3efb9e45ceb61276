//! Every call of every type has its permission, and what an object needs follows from its configuration. That no request is
//! sent that is not in what its type needs is looked at by `Bench::act`, in all laws.

use serde_json::{Value as Json, json};
use terrane::addr::Mode;
use terrane::http::Method;
use terrane::providers::Provider;
use terrane::providers::google::Google;
use terrane::providers::google::permissions::{calls, of_call};
use terrane::providers::permission::{Doing, Permission};

use crate::support::Bench;

#[test]
fn every_call_of_every_type_has_a_permission_of_the_form_of_one() {
    let provider = Google::new();
    let form = regex::Regex::new(r"^[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+$").unwrap();
    let mut seen = 0;

    for mode in [Mode::Managed, Mode::Data] {
        for name in provider.type_names(mode) {
            let spec = &provider.catalog().entry(mode, &name).unwrap().spec;
            // Its calls follow from its configuration.
            let own = spec.service == "any";
            for (_, call) in calls(spec, Doing::Change).into_iter().filter(|_| !own) {
                let path = call.path.to_string();
                let names = of_call(&spec.service, &call.method, &path);
                seen += 1;
                assert!(!names.is_empty(), "{name}: {} {path}", call.method);
                for permission in names {
                    assert!(
                        form.is_match(&permission),
                        "{name}: {} {path}: {permission}",
                        call.method
                    );
                }
            }
            for need in &spec.needs {
                let deeds = ["create", "read", "update", "delete"];
                assert!(need.when.iter().all(|deed| deeds.contains(&deed.as_str())), "{name}");
                assert!(need.permissions.iter().all(|name| form.is_match(name)), "{name}");
                for path in need.with.iter().chain(&need.at) {
                    let mut parts = &spec.parts;
                    for word in path.split('.') {
                        let part = parts.iter().find(|part| part.name == word);
                        let part = part.unwrap_or_else(|| panic!("{name} has no {path}"));
                        if let terrane::providers::rest::spec::Shape::Block {
                            parts: inner, ..
                        } = &part.shape
                        {
                            parts = inner;
                        }
                    }
                }
            }
        }
    }

    assert!(seen > 150, "{seen}");
}

#[test]
fn calls_are_named_as_the_services_name_them() {
    for (service, method, path, wanted) in [
        ("storage", Method::POST, "b?project=p", "storage.buckets.create"),
        ("storage", Method::GET, "b/x?projection=noAcl", "storage.buckets.get"),
        ("storage", Method::GET, "b/x/o?versions=true", "storage.objects.list"),
        ("storage", Method::POST, "b/x/notificationConfigs", "storage.buckets.update"),
        ("storage", Method::GET, "b/x/notificationConfigs/1", "storage.buckets.get"),
        ("at:logging/v2", Method::POST, "projects/p/metrics", "logging.logMetrics.create"),
        (
            "at:cloudbuild/v1",
            Method::POST,
            "projects/p/locations/l/triggers",
            "cloudbuild.builds.create",
        ),
        (
            "at:cloudbuild/v1",
            Method::DELETE,
            "projects/p/locations/l/triggers/t",
            "cloudbuild.builds.update",
        ),
        ("storage", Method::DELETE, "b/x/o/a%2Fb?generation=1", "storage.objects.delete"),
        ("storage", Method::GET, "projects/p/hmacKeys/K", "storage.hmacKeys.get"),
        ("compute", Method::POST, "projects/p/zones/z/disks/d/resize", "compute.disks.resize"),
        (
            "compute",
            Method::POST,
            "projects/p/zones/z/instances/i/setLabels",
            "compute.instances.setLabels",
        ),
        ("compute", Method::POST, "projects/p/global/addresses", "compute.globalAddresses.create"),
        (
            "compute",
            Method::GET,
            "projects/p/regions/r/operations/o",
            "compute.regionOperations.get",
        ),
        ("compute", Method::GET, "projects/p/zones", "compute.zones.list"),
        ("container", Method::POST, "projects/p/locations/l/clusters", "container.clusters.create"),
        (
            "container",
            Method::POST,
            "projects/p/locations/l/clusters/c/nodePools",
            "container.clusters.update",
        ),
        (
            "container",
            Method::POST,
            "projects/p/locations/l/clusters/c:setResourceLabels",
            "container.clusters.update",
        ),
        (
            "container",
            Method::GET,
            "projects/p/locations/l/operations/o",
            "container.operations.get",
        ),
        ("iam", Method::POST, "projects/p/serviceAccounts/a/keys", "iam.serviceAccountKeys.create"),
        (
            "serviceusage",
            Method::POST,
            "projects/p/services/s:enable",
            "serviceusage.services.enable",
        ),
        (
            "cloudresourcemanager",
            Method::POST,
            "projects/p:setIamPolicy",
            "resourcemanager.projects.setIamPolicy",
        ),
        ("sqladmin", Method::POST, "projects/p/instances/i/clone", "cloudsql.instances.clone"),
        (
            "sqladmin",
            Method::DELETE,
            "projects/p/instances/i/users?name=a",
            "cloudsql.users.delete",
        ),
        (
            "cloudkms",
            Method::POST,
            "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1:destroy",
            "cloudkms.cryptoKeyVersions.destroy",
        ),
        (
            "secretmanager",
            Method::GET,
            "projects/p/secrets/s/versions/1:access",
            "secretmanager.versions.access",
        ),
        (
            "cloudkms",
            Method::GET,
            "projects/p/locations/global/keyRings/r",
            "cloudkms.keyRings.get",
        ),
        (
            "cloudkms",
            Method::POST,
            "projects/p/locations/global/keyRings?keyRingId=r",
            "cloudkms.keyRings.create",
        ),
        (
            "artifactregistry",
            Method::DELETE,
            "projects/p/locations/global/repositories/x",
            "artifactregistry.repositories.delete",
        ),
        (
            "at:run/v2",
            Method::POST,
            "projects/p/locations/l/services?serviceId=s",
            "run.services.create",
        ),
    ] {
        assert_eq!(of_call(service, &method, path), [wanted], "{service} {method} {path}");
    }
}

fn needed(type_name: &str, config: &Json, doing: Doing) -> Vec<Permission> {
    let bench = Bench::new();
    let config = bench.config(type_name, config);
    bench.provider.permissions(Mode::Managed, type_name, &config, &bench.block, doing)
}

fn names(permissions: &[Permission]) -> Vec<&str> {
    permissions.iter().map(|permission| permission.name.as_str()).collect()
}

#[test]
fn what_is_only_read_needs_no_permission_to_change_it() {
    let config = json!({"name": "b", "location": "EU", "force_destroy": true});

    let found = needed("google_storage_bucket", &config, Doing::Read);

    assert_eq!(names(&found), ["storage.buckets.get", "storage.buckets.list"]);
}

#[test]
fn an_attribute_brings_permissions_of_its_own() {
    let plain = json!({"name": "b", "location": "EU"});
    let forced = json!({"name": "b", "location": "EU", "force_destroy": true});

    let (plain, forced) = (
        needed("google_storage_bucket", &plain, Doing::Change),
        needed("google_storage_bucket", &forced, Doing::Change),
    );

    assert!(!names(&plain).contains(&"storage.objects.delete"));
    let found = forced.iter().find(|found| found.name == "storage.objects.delete").unwrap();
    assert_eq!(found.attribute.as_deref(), Some("force_destroy"));
    assert_eq!(found.role.as_deref(), Some("roles/storage.objectAdmin"));
}

#[test]
fn the_project_is_that_of_the_attribute_of_a_name_or_of_the_provider() {
    for (type_name, config, project) in [
        ("google_storage_bucket", json!({"name": "b", "location": "EU"}), "polls-demo"),
        (
            "google_storage_bucket",
            json!({"name": "b", "location": "EU", "project": "other"}),
            "other",
        ),
        (
            "google_secret_manager_secret_version",
            json!({"secret": "projects/third/secrets/s"}),
            "third",
        ),
        ("google_secret_manager_secret_version", json!({"secret": "(unknown)"}), "polls-demo"),
    ] {
        let found = needed(type_name, &config, Doing::Change);

        assert!(!found.is_empty());
        let projects = found.iter().all(|found| found.project.as_deref() == Some(project));
        assert!(projects, "{type_name} {config}: {found:?}");
    }
}

#[test]
fn a_permission_is_asked_in_the_project_that_an_attribute_names() {
    let bench = Bench::new();
    let key = "google_storage_hmac_key";
    let sink = json!({ "secret": "projects/vault/secrets/x" });
    let config = json!({ "service_account_email": "a@b", "secret_sink": sink });
    let config = bench.config(key, &config);

    let needed =
        bench.provider.permissions(Mode::Managed, key, &config, &bench.block, Doing::Change);

    let project = |name: &str| {
        needed.iter().find(|needed| needed.name == name).and_then(|needed| needed.project.clone())
    };
    assert_eq!(project("secretmanager.versions.add").as_deref(), Some("vault"));
    assert_eq!(project("storage.hmacKeys.create").as_deref(), Some("polls-demo"));
}

#[test]
fn a_name_that_the_service_does_not_know_spoils_no_question() {
    use std::sync::Arc;
    use terrane::http::{Request, Response, StatusCode};
    use terrane::providers::Session;
    use terrane::providers::permission::Tested;
    let server = Arc::new(|request: &Request| {
        if !request.url.contains(":testIamPermissions") {
            return None;
        }
        let body: Json = serde_json::from_slice(&request.body).unwrap();
        let names = body["permissions"].as_array().unwrap();
        let answer = match names.iter().any(|name| name == "a.b.unknown") {
            true => Response::json(StatusCode::BAD_REQUEST, &json!({ "error": { "code": 400 } })),
            false => {
                let had: Vec<&Json> = names.iter().filter(|name| *name != "a.b.denied").collect();
                Response::json(StatusCode::OK, &json!({ "permissions": had }))
            }
        };
        Some(Ok(answer))
    });
    crate::laws::block_on(async {
        let bench = Bench::beside(server);
        let names = ["a.b.one", "a.b.denied", "a.b.unknown", "a.b.two"].map(String::from).to_vec();
        let tested = Tested { project: "p".into(), bucket: None, names };

        let mut granted = bench.session.granted(&tested).await.unwrap().unwrap();

        granted.sort();
        assert_eq!(granted, ["a.b.one", "a.b.two", "a.b.unknown"]);
    });
}

#[test]
fn what_is_sensitive_is_hidden_in_the_log_by_the_name_that_the_api_has_for_it() {
    use terrane::http::wire::is_secret;
    use terrane::providers::rest::spec::{Part, Shape};
    /// What is hidden by other means, with the reason.
    const ELSEWHERE: &[(&str, &str)] = &[
        ("content", "no JSON: told by its length"),
        ("customer_encryption", "sent as headers, which are not told"),
        ("encryption_key", "sent as headers, which are not told"),
        ("replica_configuration", "an object: its members are looked at"),
        ("secret_data", "hidden by the path of secrets"),
        ("server_ca_cert", "an object without a secret"),
    ];
    fn sensitive(parts: &[Part], found: &mut Vec<(String, String)>) {
        for part in parts {
            if let Shape::Block { parts, .. } = &part.shape {
                sensitive(parts, found);
            }
            if part.sensitive {
                let place = part.read.as_ref().or(part.write.as_ref());
                let api = place.and_then(|place| place.path.last().cloned());
                found.push((part.name.clone(), api.unwrap_or_else(|| part.name.clone())));
            }
        }
    }
    let provider = Google::new();
    let mut wrong = Vec::new();
    for name in provider.type_names(Mode::Managed) {
        let mut found = Vec::new();
        sensitive(&provider.catalog().entry(Mode::Managed, &name).unwrap().spec.parts, &mut found);
        for (part, api) in found {
            if !is_secret(&api) && !ELSEWHERE.iter().any(|(known, _)| *known == part) {
                wrong.push(format!("{name}.{part}: {api}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
