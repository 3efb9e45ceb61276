//! The lines of `plan -json`, `apply -json` and `destroy -json`: which kinds, in which order.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::run;

const BEFORE: &str = "resource \"terraform_data\" \"a\" {\n  input = \"x\"\n}\noutput \"o\" {\n  value = terraform_data.a.output\n}\n";

const MOVED: &str = "moved {\n  from = terraform_data.a\n  to   = terraform_data.c\n}\nresource \"terraform_data\" \"c\" {\n  input = \"x\"\n}\n\
output \"o\" {\n  value = terraform_data.c.output\n}\n";

/// Gives kind and address of each line.
fn kinds(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let ran = run(folder, arguments, &BTreeMap::new(), "");
    assert_eq!(ran.exit, 0, "{}{}", ran.out, ran.err);
    let lines = ran.out.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let told = lines.map(|line| {
        let place =
            ["hook", "change"].iter().find_map(|name| line[*name]["resource"]["addr"].as_str());
        let place = place.map(|place| format!(" {place}")).unwrap_or_default();
        format!("{}{place}", line["type"].as_str().unwrap())
    });
    told.collect()
}

#[test]
fn the_lines_come_as_terraform_writes_them() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.tf"), BEFORE).unwrap();

    let made = kinds(folder.path(), &["apply", "-json", "-auto-approve"]);
    fs::write(folder.path().join("main.tf"), MOVED).unwrap();
    let moved = kinds(folder.path(), &["plan", "-json"]);
    kinds(folder.path(), &["apply", "-json", "-auto-approve"]);
    let left = kinds(folder.path(), &["destroy", "-json", "-auto-approve"]);

    let expected = "version, planned_change terraform_data.a, change_summary, outputs, apply_start terraform_data.a, apply_complete terraform_data.a, \
                    change_summary, outputs";
    assert_eq!(made.join(", "), expected);
    let expected = "version, refresh_start terraform_data.c, refresh_complete terraform_data.c, planned_change terraform_data.c, change_summary";
    assert!(moved.join(", ").starts_with(expected), "{moved:?}");
    let expected = "version, refresh_start terraform_data.c, refresh_complete terraform_data.c, planned_change terraform_data.c, change_summary, \
                    outputs, apply_start terraform_data.c, apply_complete terraform_data.c, change_summary";
    assert_eq!(left.join(", "), expected);
}
