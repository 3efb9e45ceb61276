//! Modules from git repositories, on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::{Ran, run};

/// What git needs of the machine.
fn variables() -> BTreeMap<String, String> {
    let path = option_env!("PATH").unwrap_or("/usr/bin:/bin").to_string();
    BTreeMap::from([("PATH".into(), path), ("HOME".into(), "/nonexistent".into())])
}

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Makes a repository: the tag `v1` says 1, the branch `main` says 2; `sub` calls a folder within it.
fn repository(folder: &Path) {
    fs::create_dir_all(folder.join("sub/inner")).unwrap();
    let say = |value: u8| format!("output \"v\" {{\n  value = {value}\n}}\n");
    fs::write(folder.join("main.tf"), say(1)).unwrap();
    let sub =
        "module \"i\" {\n  source = \"./inner\"\n}\noutput \"v\" {\n  value = module.i.v + 10\n}\n";
    fs::write(folder.join("sub/main.tf"), sub).unwrap();
    fs::write(folder.join("sub/inner/main.tf"), say(5)).unwrap();
    git(folder, &["init", "-q", "-b", "main", "."]);
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "one"]);
    git(folder, &["tag", "v1"]);
    fs::write(folder.join("main.tf"), say(2)).unwrap();
    git(folder, &["commit", "-q", "-a", "-m", "two"]);
}

struct Work {
    inside: tempfile::TempDir,
}

impl Work {
    fn new() -> Work {
        let inside = tempfile::tempdir().unwrap();
        repository(&inside.path().join("repo"));
        fs::create_dir(inside.path().join("work")).unwrap();
        Work { inside }
    }

    fn config(&self, calls: &[(&str, &str)]) {
        let url = format!("git::file://{}/repo", self.inside.path().display());
        let blocks = calls.iter().map(|(name, rest)| {
            format!("module \"{name}\" {{\n  source = \"{url}{rest}\"\n}}\noutput \"{name}\" {{\n  value = module.{name}.v\n}}\n")
        });
        fs::write(self.inside.path().join("work/main.tf"), blocks.collect::<String>()).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        run(&self.inside.path().join("work"), arguments, &variables(), "")
    }

    fn must(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.exit, 0, "{arguments:?}\n{}\n{}", ran.out, ran.err);
        ran.out
    }
}

#[test]
fn modules_are_fetched_once_at_the_wanted_commit_and_folder() {
    let work = Work::new();
    work.config(&[("a", ""), ("b", "?ref=v1"), ("c", "//sub?ref=v1"), ("d", "?ref=main&depth=1")]);

    let before = work.run(&["plan"]);
    let fetched = work.must(&["init"]);
    let again = work.must(&["get"]);
    work.must(&["apply", "-auto-approve"]);
    let outputs: Json = serde_json::from_str(&work.must(&["output", "-json"])).unwrap();
    let listed: Json = serde_json::from_str(&work.must(&["modules", "-json"])).unwrap();

    assert!(before.err.contains("Module not installed"), "{}", before.err);
    assert!(fetched.contains("- c in .terrane/modules/c/sub"), "{fetched}");
    assert_eq!(again, "");
    let value = |name: &str| outputs[name]["value"].clone();
    let values = [value("a"), value("b"), value("c"), value("d")];
    assert_eq!(values, [json!(2), json!(1), json!(15), json!(2)]);
    assert_eq!(listed["modules"].as_array().unwrap().len(), 5);
}

#[test]
fn a_saved_plan_knows_its_modules() {
    let work = Work::new();
    work.config(&[("c", "//sub")]);
    work.must(&["init"]);
    work.must(&["plan", "-out=p"]);
    fs::remove_dir_all(work.inside.path().join("work/.terrane")).unwrap();

    work.must(&["apply", "p"]);

    assert_eq!(work.must(&["output", "-raw", "c"]).trim(), "15");
}

#[test]
fn a_changed_source_is_told_and_fetched_anew() {
    let work = Work::new();
    work.config(&[("a", "?ref=v1")]);
    work.must(&["get"]);
    work.config(&[("a", "?ref=main")]);

    let changed = work.run(&["validate"]);
    work.must(&["get"]);
    work.must(&["apply", "-auto-approve"]);

    assert!(changed.err.contains("Module source has changed"), "{}", changed.err);
    assert_eq!(work.must(&["output", "-raw", "a"]).trim(), "2");
}

#[test]
fn what_cannot_be_fetched_is_told_with_its_place() {
    for (rest, says) in [
        ("?ref=nope", "Failed to download module"),
        ("//nope", "Folder not in module repository"),
        ("x", "Failed to download module"),
    ] {
        let work = Work::new();
        work.config(&[("a", rest)]);

        let ran = work.run(&["get"]);

        assert_eq!(ran.exit, 1);
        assert!(ran.err.contains(says) && ran.err.contains("on main.tf line"), "{}", ran.err);
        assert!(!work.inside.path().join("work/.terrane/modules/modules.json").exists());
    }
}

#[test]
fn a_registry_and_other_sources_are_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    for (source, more, says) in [
        ("terraform-google-modules/network/google", "version = \"~> 9.0\"", "git::https://"),
        ("https://example.com/x.zip", "", "Module source is not supported"),
        ("git::https://example.com/x", "version = \"1.0\"", "three or four slash-separated"),
        ("git::ext::sh", "", "Invalid module source address"),
    ] {
        let config = format!("module \"a\" {{\n  source = \"{source}\"\n  {more}\n}}\n");
        fs::write(folder.path().join("main.tf"), config).unwrap();

        let ran = run(folder.path(), &["init"], &variables(), "");

        assert_eq!(ran.exit, 1, "{source}");
        let told = ran.err.replace("\n│ ", " ");
        assert!(told.contains(says) && told.contains("on main.tf line 2"), "{source}: {told}");
    }
}
