//! A state as JSON: `show -json`, `state show -json`, `output -json`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::{Reveal, modules, named, secrets, value};
use crate::addr::{Address, Mode, module_text};
use crate::render::object::{SchemaOf, value_of};
use crate::schema::Schema;
use crate::state::file::COMPATIBLE;
use crate::state::provider::ProviderName;
use crate::state::{KeptOutput, Object, Snapshot};
use crate::value::json::type_to_json;
use crate::value::{Type, Value};

/// Gives the document of a state.
pub fn state(snapshot: &Snapshot, schemas: &SchemaOf<'_>, reveal: Reveal) -> Json {
    let mut out = Map::new();
    out.insert("format_version".into(), "1.0".into());
    if snapshot.is_empty() {
        return Json::Object(out);
    }
    let version = if snapshot.written_by.is_empty() { COMPATIBLE } else { &snapshot.written_by };
    out.insert("terraform_version".into(), version.into());
    let mut values = Map::new();
    if !snapshot.outputs.is_empty() {
        values.insert("outputs".into(), outputs(&snapshot.outputs, reveal));
    }
    values.insert("root_module".into(), modules(resources(snapshot, schemas, reveal)));
    out.insert("values".into(), Json::Object(values));
    if let Some(checks) = snapshot.checks.as_ref().and_then(Json::as_array) {
        let mut checks: Vec<Json> = checks.iter().map(check).collect();
        checks.sort_by_cached_key(shown_name);
        out.insert("checks".into(), checks.into());
    }
    Json::Object(out)
}

fn resources(
    snapshot: &Snapshot,
    schemas: &SchemaOf<'_>,
    reveal: Reveal,
) -> Vec<(crate::addr::ModulePath, Json)> {
    let mut addresses: Vec<&Address> = snapshot.objects.keys().collect();
    addresses.sort_by_key(|address| {
        let address = *address;
        (
            &address.module,
            address.mode != Mode::Data,
            &address.type_name,
            &address.name,
            &address.key,
        )
    });
    let mut out = Vec::new();
    for address in addresses {
        let Some(tracked) = snapshot.objects.get(address) else { continue };
        let current = tracked.current.iter().map(|object| (None, object));
        let deposed = tracked.deposed.iter().map(|(key, object)| (Some(key.as_str()), object));
        for (deposed, object) in current.chain(deposed) {
            let schema = schemas(address, object);
            let json = resource(address, deposed, object, schema.as_deref(), reveal);
            out.push((address.module.clone(), json));
        }
    }
    out
}

/// Gives one object.
pub fn resource(
    address: &Address,
    deposed: Option<&str>,
    object: &Object,
    schema: Option<&Schema>,
    reveal: Reveal,
) -> Json {
    let found = value_of(object, schema);
    let provider = ProviderName::parse(&object.provider);
    let provider = provider.map_or_else(|| object.provider.clone(), |name| name.full_source());
    let mut out = named(address);
    out.insert("provider_name".into(), provider.into());
    out.insert("schema_version".into(), object.schema_version.into());
    let told = |json: Json| match schema {
        Some(schema) => schema.told(json),
        None => json,
    };
    out.insert("values".into(), told(value(&found, reveal)));
    out.insert("sensitive_values".into(), told(secrets(&found)));
    if !object.needs.is_empty() {
        let needs = object.needs.iter().map(Address::to_string);
        out.insert("depends_on".into(), needs.collect());
    }
    if object.tainted {
        out.insert("tainted".into(), true.into());
    }
    if let Some(key) = deposed {
        out.insert("deposed_key".into(), key.into());
    }
    Json::Object(out)
}

/// Gives outputs by name: whether each is a secret, its type and value.
pub fn outputs(outputs: &BTreeMap<String, KeptOutput>, reveal: Reveal) -> Json {
    let one = |(name, output): (&String, &KeptOutput)| {
        let ty = if output.ty == Type::Any { output.value.ty() } else { output.ty.clone() };
        let mut out = Map::new();
        out.insert("sensitive".into(), output.sensitive.into());
        out.insert("type".into(), type_to_json(&ty));
        out.insert("value".into(), output_value(output, reveal));
        (name.clone(), Json::Object(out))
    };
    Json::Object(outputs.iter().map(one).collect())
}

/// Gives an output's bare value.
pub fn output_value(output: &KeptOutput, reveal: Reveal) -> Json {
    let sealed =
        |value: &Value| if output.sensitive { value.clone().sensitive() } else { value.clone() };
    value(&sealed(&output.value), reveal)
}

/// Gives a check's result as the file has it in the form of the document.
fn check(result: &Json) -> Json {
    let text = |json: &Json, name: &str| json[name].as_str().unwrap_or_default().to_string();
    let kind = match result["object_kind"].as_str() {
        Some("output") => "output_value",
        Some(kind) => kind,
        None => "",
    };
    let instance = |object: &Json| {
        let address = text(object, "object_addr");
        let failures = object["failure_messages"].as_array().cloned().unwrap_or_default();
        let failures =
            failures.iter().filter_map(Json::as_str).map(str::to_string).collect::<Vec<_>>();
        check_instance(&address, &text(object, "status"), &failures)
    };
    let mut instances: Vec<Json> =
        result["objects"].as_array().into_iter().flatten().map(instance).collect();
    instances.sort_by_cached_key(shown_name);
    check_document(kind, &text(result, "config_addr"), &text(result, "status"), instances)
}

/// What a check and its instances are ordered by.
fn shown_name(check: &Json) -> String {
    check["address"]["to_display"].as_str().unwrap_or_default().to_string()
}

/// Gives one check: its block and the instances of it.
pub(super) fn check_document(kind: &str, block: &str, status: &str, instances: Vec<Json>) -> Json {
    let mut out = json!({ "address": check_address(kind, block), "status": status });
    if !instances.is_empty() {
        out["instances"] = instances.into();
    }
    out
}

/// Gives what became of one instance of a check.
pub(super) fn check_instance(address: &str, status: &str, failures: &[String]) -> Json {
    let mut named = json!({ "to_display": address });
    if let Ok(parsed) = address.parse::<Address>() {
        if !parsed.module.is_empty() {
            named["module"] = module_text(&parsed.module).into();
        }
        if let Some(index) = &parsed.key {
            named["instance_key"] = super::key(index);
        }
    }
    let mut out = json!({ "address": named, "status": status });
    if !failures.is_empty() {
        out["problems"] = failures.iter().map(|message| json!({ "message": message })).collect();
    }
    out
}

fn check_address(kind: &str, block: &str) -> Json {
    let mut out = Map::new();
    out.insert("kind".into(), kind.into());
    let parsed = block.parse::<Address>().ok().filter(|_| kind == "resource");
    match parsed {
        Some(address) => {
            out.insert("mode".into(), super::mode(address.mode).into());
            if !address.module.is_empty() {
                out.insert("module".into(), module_text(&address.module).into());
            }
            out.insert("name".into(), address.name.as_str().into());
            out.insert("to_display".into(), block.into());
            out.insert("type".into(), address.type_name.as_str().into());
        }
        None => {
            let (module, name) = match block.rsplit_once('.') {
                Some((before, name)) => (before.rsplit_once('.').map(|(module, _)| module), name),
                None => (None, block),
            };
            if let Some(module) = module {
                out.insert("module".into(), module.into());
            }
            out.insert("name".into(), name.into());
            out.insert("to_display".into(), block.into());
        }
    }
    Json::Object(out)
}

#[cfg(test)]
mod tests {
    use super::super::SECRET;
    use super::*;
    use crate::state::file::read;

    fn document(reveal: Reveal) -> Json {
        let snapshot = read(include_str!("../../../state/samples/kinds.tfstate")).unwrap();
        state(&snapshot, &|_, _| None, reveal)
    }

    #[test]
    fn secrets_stand_only_in_the_masks() {
        let json = document(Reveal::No);

        let first = &json["values"]["root_module"]["resources"][0];
        assert_eq!(first["values"]["input"], json!({ "x": 1, "y": SECRET }));
        assert_eq!(first["sensitive_values"], json!({ "input": { "y": true }, "output": {} }));
        assert_eq!(json["values"]["outputs"]["t"]["value"], SECRET);
        let shown = document(Reveal::Yes);
        assert_eq!(shown["values"]["root_module"]["resources"][0]["values"]["input"]["y"], "s<&>x");
    }

    #[test]
    fn modules_are_nested_and_instances_have_their_key() {
        let json = document(Reveal::No);

        let child = &json["values"]["root_module"]["child_modules"][0];
        assert_eq!(child["address"], "module.m[\"k.1\"]");
        assert_eq!(child["resources"][0]["index"], "q\"x");
        assert_eq!(child["resources"][0]["provider_name"], "terraform.io/builtin/terraform");
    }

    #[test]
    fn checks_have_the_form_of_the_document() {
        let expected = json!([{
            "address": { "kind": "check", "name": "c", "to_display": "check.c" },
            "status": "fail",
            "instances": [{
                "address": { "to_display": "check.c" },
                "status": "fail",
                "problems": [{ "message": "no\nway" }],
            }],
        }]);

        assert_eq!(document(Reveal::No)["checks"], expected);
    }

    #[test]
    fn an_empty_state_has_only_its_version() {
        let json = state(&Snapshot::default(), &|_, _| None, Reveal::No);

        assert_eq!(json, json!({ "format_version": "1.0" }));
    }
}
