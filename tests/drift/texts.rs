//! What accepting does to the files themselves: their form, their place, who may read them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::stage::Stage;

/// Gives an account another name by hand.
fn named(stage: &Stage, name: &str) {
    let request = json!({
        "method": "PATCH", "path": "/v1/projects/demo/serviceAccounts/robot-one@demo.iam.gserviceaccount.com",
        "body": { "serviceAccount": { "displayName": name }, "updateMask": "displayName" },
    });
    stage.done(&json!({ "name": "a name", "do": [request] }));
}

fn mode(stage: &Stage, name: &str) -> u32 {
    fs::metadata(stage.path(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_file_keeps_its_line_ends_its_mark_its_link_and_who_may_read_it() {
    let stage = Stage::made("storage");
    let text = fs::read_to_string(stage.path("main.tf")).unwrap().replace('\n', "\r\n");
    fs::create_dir(stage.path("shared")).unwrap();
    stage.write("shared/main.tf", &text);
    fs::set_permissions(stage.path("shared/main.tf"), fs::Permissions::from_mode(0o664)).unwrap();
    fs::remove_file(stage.path("main.tf")).unwrap();
    std::os::unix::fs::symlink("shared/main.tf", stage.path("main.tf")).unwrap();
    let body =
        json!({ "labels": { "app": "x", "tier": null }, "billing": { "requesterPays": true } });
    let request = json!({ "method": "PATCH", "path": "/storage/v1/b/demo-logs", "body": body });
    stage.done(&json!({ "name": "labels and who pays", "do": [request] }));
    named(&stage, "a \"${one}\" \\ %{b}\tü");

    let (_, report) = stage.json(&["drift", "-json", "-accept"]);

    assert!(report["accepted"][0]["edits"].is_array(), "{report:#}");
    let written = fs::read_to_string(stage.path("shared/main.tf")).unwrap();
    assert!(fs::symlink_metadata(stage.path("main.tf")).unwrap().is_symlink());
    assert_eq!(mode(&stage, "shared/main.tf"), 0o664);
    assert_eq!(written.matches('\n').count(), written.matches("\r\n").count(), "{written}");
    assert!(written.contains("  requester_pays = true\r\n"), "{written}");
    assert!(written.contains(r#"robot = "a \"$${one}\" \\ %%{b}\tü""#), "{written}");
    assert_eq!(stage.run(&["plan", "-detailed-exitcode"]).exit, 0);
}

#[test]
fn what_is_offered_is_proven_by_a_plan_and_no_file_is_touched_for_that() {
    let stage = Stage::made("storage");
    let path = "/v1/projects/demo/serviceAccounts/robot-one@demo.iam.gserviceaccount.com:disable";
    let request = json!({ "method": "POST", "path": path, "body": {} });
    stage.done(&json!({ "name": "an account that was disabled", "do": [request] }));
    let before = fs::metadata(stage.path("main.tf")).unwrap().modified().unwrap();

    let (_, report) = stage.json(&["drift", "-json"]);

    let accept = &report["findings"][0]["remedies"][1];
    assert_eq!(accept["do"], "accept", "{report:#}");
    assert!(accept["impossible"].as_str().unwrap().contains("clerk"), "{report:#}");
    assert_eq!(fs::metadata(stage.path("main.tf")).unwrap().modified().unwrap(), before);
}

#[test]
fn a_file_of_values_is_edited_where_it_was_read_from() {
    let stage = Stage::made("storage");
    fs::create_dir(stage.path("live")).unwrap();
    fs::rename(stage.path("terraform.tfvars"), stage.path("values.tfvars")).unwrap();
    for file in ["main.tf", "terraform.tfstate"] {
        fs::rename(stage.path(file), stage.path("live").join(file)).unwrap();
    }
    std::os::unix::fs::symlink("../.terrane", stage.path("live/.terrane")).unwrap();
    let rule = json!({ "rule": [{ "action": { "type": "Delete" }, "condition": { "age": 7 } }] });
    let request = json!({ "method": "PATCH", "path": "/storage/v1/b/demo-files", "body": { "lifecycle": rule } });
    stage.done(&json!({ "name": "an age", "do": [request] }));

    let arguments = ["drift", "-chdir=live", "-var-file=values.tfvars", "-accept"];
    let ran = stage.run(&arguments);

    let values = fs::read_to_string(stage.path("values.tfvars")).unwrap();
    assert_eq!(values, "age = 7 # days\n", "{}{}", ran.out, ran.err);
    assert!(!stage.path("live/values.tfvars").exists());
}

#[test]
fn a_heredoc_stays_one() {
    let stage = Stage::made("workloads");
    let text = fs::read_to_string(stage.path("main.tf")).unwrap();
    let mode = "    mode  = <<-EOT\n      fast\n\n        and safe\n    EOT\n";
    stage.write("main.tf", &text.replace("    mode  = \"fast\"\n", mode));
    let ran = stage.run(&["apply", "-auto-approve"]);
    assert_eq!(ran.exit, 0, "{}{}", ran.out, ran.err);
    let request = json!({
        "method": "PATCH", "type": "application/merge-patch+json",
        "path": "/api/v1/namespaces/polls/configmaps/settings?fieldManager=kubectl-edit",
        "body": { "data": { "mode": "slow\n\n  and ${safe}\n" } },
    });
    stage.done(&json!({ "name": "a text of lines", "do": [request] }));

    let (_, report) = stage.json(&["drift", "-json", "-accept"]);

    let written = stage.texts();
    let mode = "    mode  = <<-EOT\n      slow\n\n        and $${safe}\n    EOT\n";
    assert!(written.contains(mode), "{report:#}\n{written}");
    assert_eq!(stage.run(&["plan", "-detailed-exitcode"]).exit, 0);
}

#[test]
fn a_block_of_what_is_gone_goes_with_its_comment_unless_something_refers_to_it() {
    let stage = Stage::made("storage");
    let text = fs::read_to_string(stage.path("main.tf")).unwrap();
    let block = "resource \"google_storage_bucket_object\"";
    let commented = format!("# The page that all see.\n// It is small.\n{block}");
    let output = "\noutput \"logs\" {\n  value = google_storage_bucket.logs.url\n}\n";
    stage.write("main.tf", &(text.replace(block, &commented) + output));
    let requests = [
        json!({ "method": "DELETE", "path": "/storage/v1/b/demo-files/o/index.html" }),
        json!({ "method": "DELETE", "path": "/storage/v1/b/demo-logs" }),
    ];
    stage.done(&json!({ "name": "a bucket and a page", "do": requests }));

    let (_, report) = stage.json(&["drift", "-json", "-accept"]);

    let all = report["accepted"].as_array().unwrap();
    let logs = all.iter().find(|of| of["address"] == "google_storage_bucket.logs").unwrap();
    let why = logs["impossible"].as_str().unwrap();
    assert!(why.contains(" refers to it: remove that and its block (main.tf:"), "{report:#}");
    let written = fs::read_to_string(stage.path("main.tf")).unwrap();
    assert!(!written.contains("index.html") && !written.contains("It is small"), "{written}");
    assert!(written.contains("}\n\nresource \"google_service_account\" \"people\""), "{written}");
}
