//! Every resource file says of every attribute what the facts say.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use terrane::addr::Mode;
use terrane::providers::Provider;
use terrane::providers::google::Google;
use terrane::providers::rest::spec::{Part, Shape};
use terrane::schema::Given;
use terrane::value::Type;
use terrane::value::json::to_json;

#[test]
fn every_resource_file_is_in_the_words_of_the_language() {
    let checked = Google::new().check();

    let problems = checked.err().unwrap_or_default();
    let texts: Vec<String> = problems
        .iter()
        .map(|problem| format!("{:?} {}", problem.context, problem.detail))
        .collect();
    assert!(texts.is_empty(), "{}", texts.join("\n"));
}

#[test]
fn what_something_is_inside_of_is_a_type_and_named_by_its_own_attributes() {
    let provider = Google::new();
    let entry = |type_name: &str| provider.catalog().entry(Mode::Managed, type_name);

    let names = provider.type_names(Mode::Managed);

    let inside = names.iter().filter(|name| !entry(name).unwrap().spec.inside.is_empty());
    assert!(inside.count() >= 3);
    for name in &names {
        let spec = &entry(name).unwrap().spec;
        for (whole, id) in &spec.inside {
            assert!(entry(whole).is_some(), "{name}: {whole}");
            for attribute in id.holes() {
                assert!(spec.part(attribute).is_some(), "{name}: {attribute}");
            }
        }
    }
}

/// The facts by the names of their files: `google_storage_bucket`, `data.google_project`.
pub(crate) fn facts() -> BTreeMap<String, Json> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facts/google");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_string();
            (name, serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap())
        })
        .collect()
}

/// What Terrane has beside what the facts say.
pub(crate) const OWN: &[(&str, &[&str])] = &[(
    "google_storage_hmac_key",
    &[
        "keepers",
        "previous_access_id",
        "previous_state",
        "rotation_due",
        "rotation_grace",
        "rotation_left",
        "rotation_mark",
        "rotation_period",
        "secret_sink",
        "secret_sink.kubernetes_secret",
        "secret_sink.kubernetes_secret.cluster_ca_certificate",
        "secret_sink.kubernetes_secret.host",
        "secret_sink.kubernetes_secret.name",
        "secret_sink.kubernetes_secret.namespace",
        "secret_sink.secret",
        "secret_sink.version",
    ],
)];

#[test]
fn every_attribute_is_as_in_the_facts() {
    let provider = Google::new();

    for (name, fact) in &facts() {
        let (mode, type_name) = match name.strip_prefix("data.") {
            Some(data) => (Mode::Data, data),
            None => (Mode::Managed, name.as_str()),
        };
        let entry =
            provider.catalog().entry(mode, type_name).unwrap_or_else(|| panic!("no {name}"));
        let mut ours = BTreeMap::new();
        collect(&entry.spec.parts, "", &mut ours);
        assert_eq!(Some(entry.spec.schema_version), fact["schema_version"].as_u64(), "{name}");
        let own = OWN.iter().find(|(of, _)| of == name).map_or(&[][..], |(_, own)| own);
        for path in own {
            assert!(ours.remove(*path).is_some(), "{name}.{path}");
        }
        let theirs = fact["attributes"].as_object().unwrap();
        for (path, fact) in theirs {
            assert_eq!(ours.get(path), Some(fact), "{name}.{path}");
        }
        assert_eq!(ours.len(), theirs.len(), "{name}");
    }
}

/// Gives the type of a part in the words of the facts.
pub(crate) fn kind(part: &Part) -> String {
    fn of(ty: &Type, integer: bool) -> String {
        let inside = |name: &str, element: &Type| format!("{name}<{}>", of(element, integer));
        match ty {
            Type::Bool => "bool".into(),
            Type::Number if integer => "int".into(),
            Type::Number => "float".into(),
            Type::List(element) => inside("list", element),
            Type::Set(element) => inside("set", element),
            Type::Map(element) => inside("map", element),
            Type::Any => "any".into(),
            _ => "string".into(),
        }
    }
    match &part.shape {
        Shape::Attribute { ty, integer } => of(ty, *integer),
        Shape::Block { set: true, .. } => "block_set".into(),
        Shape::Block { .. } => "block_list".into(),
    }
}

pub(crate) fn collect(parts: &[Part], prefix: &str, found: &mut BTreeMap<String, Json>) {
    for part in parts {
        let path = format!("{prefix}{}", part.name);
        let mode = match part.given {
            Given::Required => "required",
            Given::Optional => "optional",
            Given::OptionalOrService => "optional+computed",
            Given::Service => "computed",
        };
        let mut fact = json!({ "type": kind(part), "mode": mode });
        if part.replaces {
            fact["force_new"] = true.into();
        }
        if let Some(default) = &part.default {
            fact["default"] = to_json(default);
        }
        if !part.checks.one_of.is_empty() {
            fact["enum"] = json!(part.checks.one_of);
        }
        if part.sensitive {
            fact["sensitive"] = true.into();
        }
        if part.write_only {
            fact["write_only"] = true.into();
        }
        found.insert(path.clone(), fact);
        if let Some(inside) = part.inside() {
            collect(inside, &format!("{path}."), found);
        }
    }
}
