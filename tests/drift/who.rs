//! Whose change each part is, where several people changed one object.

use serde_json::{Value as Json, json};

use crate::of;
use crate::stage::Stage;

/// Gives who is told of each part, with who was before.
fn told(finding: &Json) -> Vec<(String, String, Vec<String>)> {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_string();
    let attributes = finding["attributes"].as_array().unwrap().iter();
    let told = attributes.map(|of| {
        let earlier = of["by"]["earlier"].as_array().into_iter().flatten().map(text).collect();
        (text(&of["name"]), text(&of["by"]["who"]), earlier)
    });
    told.collect()
}

#[test]
fn two_peoples_changes_of_two_parts_of_one_object_go_to_each() {
    let stage = Stage::made("compute");
    let firewall = |who: &str, body: Json| {
        let path = "/compute/v1/projects/demo/global/firewalls/web";
        let request = json!({ "method": "PATCH", "path": path, "body": body });
        stage.done(&json!({ "name": "a firewall", "as": who, "do": [request] }));
    };
    firewall("ana@example.com", json!({ "sourceRanges": ["0.0.0.0/0"] }));
    firewall("bob@example.com", json!({ "disabled": true }));

    let (_, report) = stage.json(&["drift", "-json"]);

    let told = told(of(&report, "google_compute_firewall.web").unwrap());
    let by = |name: &str, who: &str| (name.to_string(), format!("{who}@example.com"), vec![]);
    let wanted = [by("disabled", "bob"), by("source_ranges[\"0.0.0.0/0\"]", "ana")];
    for of in wanted {
        assert!(told.contains(&of), "{of:?}: {told:?}");
    }
}

#[test]
fn where_the_log_has_no_request_the_last_is_told_with_who_was_before() {
    let stage = Stage::made("storage");
    let bucket = |who: &str, body: Json| {
        let request =
            json!({ "method": "PATCH", "path": "/storage/v1/b/demo-files", "body": body });
        stage.done(&json!({ "name": "a bucket", "as": who, "do": [request] }));
    };
    bucket("ana@example.com", json!({ "labels": { "app": "other" } }));
    bucket("bob@example.com", json!({ "storageClass": "NEARLINE" }));

    let (_, report) = stage.json(&["drift", "-json"]);
    let shown = stage.run(&["drift"]);

    let told = told(of(&report, "google_storage_bucket.files").unwrap());
    assert!(told.len() > 1, "{report:#}");
    for (name, who, earlier) in told {
        assert_eq!((who.as_str(), earlier.len()), ("bob@example.com", 1), "{name}");
    }
    let line = "last changed by bob@example.com: storage.buckets.update";
    assert!(shown.out.contains(line), "{}", shown.out);
    assert!(shown.out.contains("; earlier by ana@example.com\n"), "{}", shown.out);
}
