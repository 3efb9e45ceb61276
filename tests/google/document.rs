//! `docs/google.md`: what there is of Google Cloud, written by this test. `UPDATE=1` writes it; a stale file is an error.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value as Json;
use terrane::addr::Mode;
use terrane::providers::Provider;
use terrane::providers::google::Google;
use terrane::providers::rest::spec::Spec;

use super::specs::{OWN, collect};
use super::{traffic, traffic_codec};

/// Gives the attributes of a file, by their paths.
fn attributes(spec: &Spec) -> BTreeMap<String, Json> {
    let mut found = BTreeMap::new();
    collect(&spec.parts, "", &mut found);
    found
}

fn is_own(type_name: &str, path: &str) -> bool {
    OWN.iter().any(|(of, own)| *of == type_name && own.contains(&path))
}

/// Says of an attribute what is not in its type.
fn remarks(type_name: &str, path: &str, fact: &Json) -> String {
    let mut words = Vec::new();
    if fact["force_new"] == true {
        words.push("replaces".to_string());
    }
    if !fact["default"].is_null() {
        words.push(format!("default `{}`", fact["default"]));
    }
    if let Some(choices) = fact["enum"].as_array() {
        let choices: Vec<String> =
            choices.iter().map(|it| format!("`{}`", it.as_str().unwrap_or_default())).collect();
        words.push(format!("one of {}", choices.join(", ")));
    }
    for (flag, word) in [("sensitive", "secret"), ("write_only", "write-only")] {
        if fact[flag] == true {
            words.push(word.into());
        }
    }
    if is_own(type_name, path) {
        words.push("Terrane's own".into());
    }
    words.join("; ")
}

/// Says what `google-beta` has beside all this.
fn tried_out(stable: &Google) -> String {
    let beta = Google::new().beta();
    let mut text = String::from(
        "\n## What `google-beta` has beside\n\nThe provider `hashicorp/google-beta` has all of this, and what the service tries out; it speaks to the version of the service \
         that has it.\n\n",
    );
    for name in beta.type_names(Mode::Managed) {
        let of = |google: &Google| {
            let entry = google.catalog().entry(Mode::Managed, &name);
            entry.map(|entry| attributes(&entry.spec)).unwrap_or_default()
        };
        let known = of(stable);
        let further: Vec<String> = of(&beta)
            .into_keys()
            .filter(|path| !known.contains_key(path))
            .map(|path| format!("`{path}`"))
            .collect();
        if !further.is_empty() {
            let _ = writeln!(text, "- `{name}`: {}.", further.join(", "));
        }
    }
    text
}

fn document() -> String {
    let provider = Google::new();
    let mut text = String::from(
        "# Google Cloud\n\n\
         What there is of the provider `google`, and how it is held against recorded traffic of the real services. This file is written by\n\
         `UPDATE=1 cargo test --test google document`. A type that is not here is an object of [`google_api_resource`](api-resource.md), or one\n\
         [of your own](adding-a-resource.md#types-of-your-own).\n\n## Types\n\n\
         | type | service | attributes | import |\n|---|---|---|---|\n",
    );
    let mut whole = String::new();
    for name in provider.type_names(Mode::Managed) {
        let Some(entry) = provider.catalog().entry(Mode::Managed, &name) else { continue };
        let facts = attributes(&entry.spec);
        let forms: Vec<String> = entry.spec.import.iter().map(|form| format!("`{form}`")).collect();
        let forms = if forms.is_empty() { "-".to_string() } else { forms.join(", ") };
        let _ = writeln!(
            text,
            "| [`{name}`](#{name}) | {} | {} | {forms} |",
            entry.spec.service,
            facts.len()
        );
        let _ =
            write!(whole, "\n### {name}\n\n| attribute | type | given | |\n|---|---|---|---|\n");
        for (path, fact) in &facts {
            let text = |name: &str| fact[name].as_str().unwrap_or_default();
            let remarks = remarks(&name, path, fact);
            let _ =
                writeln!(whole, "| `{path}` | {} | {} | {remarks} |", text("type"), text("mode"));
        }
    }
    for (mode, title) in [(Mode::Data, "Data sources"), (Mode::Ephemeral, "Ephemeral resources")] {
        let names: Vec<String> =
            provider.type_names(mode).iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(text, "\n## {title}\n\n{}.\n", names.join(", "));
    }
    text += &tried_out(&provider);
    let tally = traffic::replayed();
    let _ = write!(
        text,
        "\n## Recorded traffic\n\nRequests of real clients to the real services, made of the sandbox again: the same outcome, bodies that are taken, and members\n\
         of answers that the sandbox's answer has. {} requests are left out: the recorder gave several objects one name. Each difference\n\
         stands in `tests/google/traffic/differences.json` with its reason.\n\n{}\n\
         The same bodies, read and written by the resource files. What was told is read twice the same, and plans no change against itself.\n\
         What is not asked for again is explained in the same file: labels and names go out by other ways, passwords are never read.\n\n{}",
        tally.masked,
        traffic::table(tally),
        traffic_codec::table(traffic_codec::figures()),
    );
    text + "\n## Attributes\n" + &whole
}

#[test]
fn the_document_of_google_cloud_says_what_there_is() {
    if std::env::var_os("TRAFFIC").is_some() {
        return;
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/google.md");
    let document = document();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(file, &document).unwrap();
    }

    let written = std::fs::read_to_string(file).unwrap_or_default();

    assert!(
        written == document,
        "docs/google.md is stale: UPDATE=1 cargo test --test google document"
    );
}
