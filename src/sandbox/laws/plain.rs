//! Objects that the sandbox only keeps.

use serde_json::json;

use super::Asker;

#[test]
fn what_no_service_knows_is_kept_as_it_is_sent() {
    let asker = Asker::ready();
    for (collection, id, body, change) in [
        (
            "/iam/v1/projects/polls-demo/roles",
            "mine",
            json!({"roleId": "mine", "role": {"title": "t", "includedPermissions": ["a.b.c"]}}),
            ("title", "u"),
        ),
        (
            "/compute/compute/v1/projects/polls-demo/regions/us-central1/routers",
            "r",
            json!({"name": "r", "description": "d"}),
            ("description", "e"),
        ),
        (
            "/compute/compute/v1/projects/polls-demo/global/healthChecks",
            "h",
            json!({"name": "h", "type": "TCP"}),
            ("description", "e"),
        ),
    ] {
        let of = format!("{collection}/{id}");
        assert_eq!(asker.get(&of).0, 404, "{of}");
        assert_eq!(asker.ask("POST", collection, &body).0, 200, "{of}");
        asker.pass(60);
        assert_eq!(asker.ask("POST", collection, &body).0, 409, "{of}");
        let (member, value) = change;
        assert_eq!(asker.ask("PATCH", &of, &json!({member: value})).0, 200, "{of}");
        asker.pass(60);
        assert_eq!(asker.get(&of).1[member], value, "{of}");
        let (_, list) = asker.get(collection);
        let items = list.as_object().unwrap().values().find_map(|it| it.as_array());
        assert_eq!(items.map(Vec::len), Some(1), "{list}");
        let odd = asker.ask("PATCH", &of, &json!({"oddity": 1}));
        assert_eq!(odd.0, 400, "{of}: {}", odd.1);
        let left = |asker: &Asker| {
            asker.get("/sandbox/inventory").1.to_string().contains(&format!("{id}\""))
        };
        assert!(left(&asker), "{of}: {}", asker.get("/sandbox/inventory").1);
        assert_eq!(asker.ask("DELETE", &of, &json!(null)).0, 200, "{of}");
        asker.pass(60);
        assert_eq!(asker.get(&of).0, 404, "{of}");
        assert!(!left(&asker), "{of}");
    }
}

#[test]
fn what_belongs_to_a_bucket_needs_it_and_goes_with_it() {
    let asker = Asker::ready();
    let of = "/storage/v1/b/plain-bucket/notificationConfigs";
    let body = json!({"topic": "//pubsub.googleapis.com/projects/polls-demo/topics/t", "payload_format": "NONE"});

    assert_eq!(asker.ask("POST", of, &body).0, 404);
    asker.bucket("plain-bucket");
    let (status, made) = asker.ask("POST", of, &body);
    assert_eq!(status, 200, "{made}");
    let id = made["id"].as_str().unwrap();
    assert_eq!(asker.get(&format!("{of}/{id}")).1["payload_format"], "NONE");
    assert_eq!(asker.get(of).1["items"].as_array().map(Vec::len), Some(1));
    asker.ask("DELETE", "/storage/v1/b/plain-bucket", &json!(null));
    assert!(!asker.get("/sandbox/inventory").1.to_string().contains("notificationConfigs"));
}

#[test]
fn a_call_that_nothing_has_says_that_the_sandbox_has_it_not() {
    let (status, answer) = Asker::ready().get("/v1/projects/polls-demo/oddities/x");

    assert_eq!(status, 404);
    assert!(answer.to_string().contains("The sandbox serves no such call"), "{answer}");
}
