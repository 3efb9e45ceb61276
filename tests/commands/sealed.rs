//! States, journals and plans that are encrypted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::{Ran, run};

const CONFIG: &str = r#"
variable "passphrase" {
  sensitive = true
}
terraform {
  encryption {
    key_provider "argon2id" "main" {
      passphrase = var.passphrase
      memory     = 64
      passes     = 1
      lanes      = 1
    }
    method "aes_gcm" "main" {
      keys = key_provider.argon2id.main
    }
    state {
      method = method.aes_gcm.main
    }
    plan {
      method = method.aes_gcm.main
    }
  }
}
resource "terraform_data" "a" {
  input = "a secret of the house"
}
"#;

fn with(folder: &Path, passphrase: &str, arguments: &[&str]) -> Ran {
    let variables = BTreeMap::from([("TF_VAR_passphrase".to_string(), passphrase.to_string())]);
    run(folder, arguments, &variables, "")
}

fn must(folder: &Path, exit: u8, arguments: &[&str]) -> String {
    let ran = with(folder, "correct horse battery", arguments);
    assert_eq!(ran.exit, exit, "{arguments:?}\n{}{}", ran.out, ran.err);
    ran.out + &ran.err
}

fn folder(config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.tf"), config).unwrap();
    folder
}

fn read(folder: &Path, name: &str) -> String {
    String::from_utf8_lossy(&fs::read(folder.join(name)).unwrap()).into_owned()
}

#[test]
fn a_state_and_a_plan_tell_nothing_and_work_as_others_do() {
    let folder = folder(CONFIG);
    let folder = folder.path();

    must(folder, 0, &["plan", "-out=saved"]);
    assert!(read(folder, "saved").contains("encrypted_data"));
    must(folder, 0, &["show", "saved"]);
    must(folder, 0, &["apply", "saved"]);

    for name in ["terraform.tfstate", "saved"] {
        let text = read(folder, name);
        assert!(text.contains("encrypted_data") && !text.contains("secret of the house"), "{name}");
    }
    assert!(must(folder, 0, &["show"]).contains("a secret of the house"));
    assert!(must(folder, 0, &["state", "pull"]).contains("a secret of the house"));
    assert!(must(folder, 0, &["plan"]).contains("No changes"));

    must(folder, 0, &["apply", "-auto-approve", "-replace=terraform_data.a"]);
    assert!(!read(folder, "terraform.tfstate.backup").contains("secret of the house"));
}

#[test]
fn another_passphrase_opens_nothing_and_changes_nothing() {
    let folder = folder(CONFIG);
    let folder = folder.path();
    must(folder, 0, &["apply", "-auto-approve"]);
    let before = read(folder, "terraform.tfstate");

    let refused = with(folder, "another passphrase", &["apply", "-auto-approve"]);

    assert_eq!(refused.exit, 1);
    assert!(refused.err.contains("Encrypted state"), "{}", refused.err);
    assert_eq!(read(folder, "terraform.tfstate"), before);
    let short = with(folder, "short", &["plan"]);
    assert!(short.err.contains("at least 16 characters"), "{}", short.err);
}

#[test]
fn a_key_is_changed_by_a_fallback_and_left_by_no_encryption() {
    let folder = folder(CONFIG);
    let folder = folder.path();
    must(folder, 0, &["apply", "-auto-approve"]);
    let rotated = CONFIG
        .replace(
            "    method \"aes_gcm\" \"main\"",
            "    key_provider \"pbkdf2\" \"new\" {\n      passphrase = \"the present passphrase\"\n      iterations = 200000\n    }\n    \
             method \"aes_gcm\" \"new\" {\n      keys = key_provider.pbkdf2.new\n    }\n    method \"aes_gcm\" \"main\"",
        )
        .replacen(
            "    state {\n      method = method.aes_gcm.main",
            "    state {\n      method = method.aes_gcm.new\n      fallback {\n        method = method.aes_gcm.main\n      }",
            1,
        );
    fs::write(folder.join("main.tf"), &rotated).unwrap();

    must(folder, 0, &["apply", "-auto-approve", "-replace=terraform_data.a"]);

    let text = read(folder, "terraform.tfstate");
    assert!(text.contains("key_provider.pbkdf2.new") && !text.contains("argon2id"), "{text}");

    let clear = rotated.replace(
        "    state {\n      method = method.aes_gcm.new\n      fallback {\n        method = method.aes_gcm.main",
        "    method \"unencrypted\" \"none\" {}\n    state {\n      method = method.unencrypted.none\n      fallback {\n        \
         method = method.aes_gcm.new",
    );
    fs::write(folder.join("main.tf"), clear).unwrap();
    must(folder, 0, &["apply", "-auto-approve", "-replace=terraform_data.a"]);
    assert!(read(folder, "terraform.tfstate").contains("a secret of the house"));
}

#[test]
fn the_environment_says_it_over_the_block() {
    let folder =
        folder("resource \"terraform_data\" \"a\" {\n  input = \"a secret of the house\"\n}\n");
    let text = "key_provider \"argon2id\" \"e\" {\n passphrase = \"from the environment\"\n memory = 64\n passes = 1\n lanes = 1\n}\n\
                method \"aes_gcm\" \"e\" {\n keys = key_provider.argon2id.e\n}\nstate {\n method = method.aes_gcm.e\n enforced = true\n}\n";
    let variables = BTreeMap::from([("TF_ENCRYPTION".to_string(), text.to_string())]);

    let done = run(folder.path(), &["apply", "-auto-approve"], &variables, "");

    assert_eq!(done.exit, 0, "{}", done.err);
    assert!(read(folder.path(), "terraform.tfstate").contains("key_provider.argon2id.e"));
    let without = run(folder.path(), &["plan"], &BTreeMap::new(), "");
    assert!(without.err.contains("TF_ENCRYPTION"), "{}", without.err);
}

#[test]
fn the_first_secret_of_a_state_in_clear_is_told_once() {
    let folder = folder("output \"a\" {\n  value     = \"x\"\n  sensitive = true\n}\n");
    let folder = folder.path();

    let first = must(folder, 0, &["apply", "-auto-approve"]);
    let second = must(folder, 0, &["apply", "-auto-approve"]);

    assert!(first.contains("Secrets in clear in the state"), "{first}");
    assert!(!second.contains("Secrets in clear"), "{second}");
}

#[test]
fn what_is_wrong_with_the_block_is_told_in_its_place() {
    for (from, to, told) in [
        ("\"argon2id\" \"main\"", "\"argon3\" \"main\"", "no key provider of type \"argon3\""),
        (
            "keys = key_provider.argon2id.main",
            "keys = key_provider.argon2id.other",
            "which there is not",
        ),
        ("memory     = 64", "memori     = 64", "Did you mean \"memory\""),
        ("passphrase = var.passphrase", "passphrase = terraform_data.a.id", "Invalid reference"),
    ] {
        let folder = folder(&CONFIG.replacen(from, to, 1));
        let text = must(folder.path(), 1, &["plan"]);
        assert!(text.contains(told) && text.contains("main.tf line"), "{to}:\n{text}");
    }
}
