//! Kinds that CustomResourceDefinitions make: where they are served, what their objects may hold, what is filled in.
//!
//! Source: the API reference of `apiextensions.k8s.io/v1` (structural schemas, pruning, defaulting).

use std::sync::Arc;

use regex::Regex;
use serde_json::{Map, Value as Json, json};

use super::cel;
use super::definitions::{Findings, Missing};
use super::failure::Cause;
use super::resources::Resource;
use super::store::{Store, items, name, text};
use crate::merge::schema::Types;
use crate::merge::structural;

/// The finalizer of a definition whose objects are still there.
pub const CLEAN_UP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Gives the types that the cluster's definitions make, one for each version that is served.
pub fn served(store: &mut Store) -> Vec<&'static Resource> {
    let mut found = Vec::new();
    for definition in store.all("CustomResourceDefinition") {
        let established = items(&definition, "/status/conditions")
            .iter()
            .any(|condition| condition["type"] == "Established" && condition["status"] == "True");
        if !established {
            continue;
        }
        for version in items(&definition, "/spec/versions") {
            if version["served"] != false {
                found.push(row(store, &definition, version));
            }
        }
    }
    found
}

/// Finds a type by its path.
pub fn by_path(
    store: &mut Store,
    group: &str,
    version: &str,
    plural: &str,
) -> Option<&'static Resource> {
    served(store)
        .into_iter()
        .find(|row| row.group == group && row.version == version && row.plural == plural)
}

/// Finds a type by the kind of an object of it.
pub fn by_kind(store: &mut Store, api_version: &str, kind: &str) -> Option<&'static Resource> {
    served(store).into_iter().find(|row| row.kind == kind && row.api_version() == api_version)
}

/// Gives the row of a version; the same one each time.
fn row(store: &mut Store, definition: &Json, version: &Json) -> &'static Resource {
    // What a process's few definitions make stays for as long as it runs.
    let keep = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let names = &definition["spec"]["names"];
    let word = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let short: Vec<String> = items(names, "/shortNames").iter().map(&word).collect();
    let below = &version["subresources"];
    let subresources: &'static [&'static str] =
        match (below["scale"].is_object(), below["status"].is_object()) {
            (true, true) => &["scale", "status"],
            (true, false) => &["scale"],
            (false, true) => &["status"],
            (false, false) => &[],
        };
    let namespaced = definition["spec"]["scope"] != "Cluster";
    let (group, version) = (word(&definition["spec"]["group"]), word(&version["name"]));
    let (plural, kind) = (word(&names["plural"]), word(&names["kind"]));
    let known = store.customs.iter().find(|row| {
        row.group == group
            && row.version == version
            && row.plural == plural
            && row.kind == kind
            && row.namespaced == namespaced
            && row.subresources == subresources
            && row.short.iter().eq(short.iter())
    });
    if let Some(row) = known {
        return row;
    }
    let singular = names["singular"].as_str().map_or_else(|| kind.to_lowercase(), str::to_owned);
    let short: Vec<&'static str> = short.iter().map(|name| keep(name)).collect();
    let row: &'static Resource = Box::leak(Box::new(Resource {
        group: keep(&group),
        version: keep(&version),
        plural: keep(&plural),
        singular: keep(&singular),
        kind: keep(&kind),
        short: short.leak(),
        namespaced,
        subresources,
        generation: true,
        strict_put: true,
        custom: true,
    }));
    store.customs.push(row);
    row
}

/// Gives the definition that makes a custom resource.
pub fn definition<'s>(store: &'s Store, resource: &Resource) -> Option<&'s Json> {
    let name = format!("{}.{}", resource.plural, resource.group);
    store.find("CustomResourceDefinition", "", &name)
}

/// Gives what a definition says of the version that a custom resource is served in.
pub fn version_of<'s>(store: &'s Store, resource: &Resource) -> Option<&'s Json> {
    let definition = definition(store, resource)?;
    let mut versions = items(definition, "/spec/versions").iter();
    versions.find(|version| version["name"] == resource.version)
}

/// Gives the schema of a custom resource's objects.
pub fn schema(store: &Store, resource: &Resource) -> Option<Json> {
    if !resource.custom {
        return None;
    }
    let version = version_of(store, resource)?;
    Some(version["schema"]["openAPIV3Schema"].clone()).filter(Json::is_object)
}

/// Gives how its objects merge.
pub fn types(store: &Store, resource: &Resource) -> Option<Types> {
    let schema = schema(store, resource)?;
    Some(structural::types(&resource.api_version(), resource.kind, &schema))
}

/// Takes out what the schema does not have, and tells of it and of what has a wrong type.
pub fn conform(object: &mut Json, schema: &Json, found: &mut Findings) {
    let Some(fields) = object.as_object_mut() else { return };
    for (name, below) in fields.iter_mut() {
        if ["apiVersion", "kind", "metadata"].contains(&name.as_str()) {
            continue;
        }
        if let Some(schema) = schema["properties"].get(name) {
            walk(below, schema, &mut name.clone(), found);
        }
    }
    let open = schema["x-kubernetes-preserve-unknown-fields"] == true;
    fields.retain(|name, _| {
        let known = ["apiVersion", "kind", "metadata"].contains(&name.as_str())
            || schema["properties"].get(name).is_some();
        if !known && !open {
            found.unknown.push(name.clone());
        }
        known || open
    });
    missing(&Json::Object(fields.clone()), schema, "", found);
    found.unknown.sort();
}

fn walk(value: &mut Json, schema: &Json, path: &mut String, found: &mut Findings) {
    match value {
        Json::Object(_) if schema["type"] == "object" => object(value, schema, path, found),
        Json::Array(parts) if schema["type"] == "array" => {
            let length = path.len();
            for (at, part) in parts.iter_mut().enumerate() {
                path.push_str(&format!("[{at}]"));
                walk(part, &schema["items"], path, found);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

fn object(value: &mut Json, schema: &Json, path: &mut String, found: &mut Findings) {
    let Some(fields) = value.as_object_mut() else { return };
    let free = &schema["additionalProperties"];
    let open = schema["x-kubernetes-preserve-unknown-fields"] == true
        || schema["x-kubernetes-embedded-resource"] == true
        || *free == true;
    let length = path.len();
    fields.retain(|name, below| {
        let known = schema["properties"].get(name).or(Some(free).filter(|free| free.is_object()));
        // A null that is not allowed counts as nothing.
        if below.is_null() && known.is_some_and(|known| known["nullable"] != true) {
            return false;
        }
        path.push_str(&format!(".{name}"));
        let keep = match known {
            Some(known) => {
                walk(below, known, path, found);
                true
            }
            None if open => true,
            None => {
                found.unknown.push(path.clone());
                false
            }
        };
        path.truncate(length);
        keep
    });
    missing(value, schema, path, found);
}

fn missing(value: &Json, schema: &Json, path: &str, found: &mut Findings) {
    let joint = if path.is_empty() { "" } else { "." };
    for name in items(schema, "/required").iter().filter_map(Json::as_str) {
        let filled = schema["properties"][name].get("default").is_some();
        if value.get(name).is_none() && !filled {
            let path = format!("{path}{joint}{name}");
            found.missing.push(Missing { owner: "", path });
        }
    }
}

/// Fills in the schema's defaults.
pub fn fill(value: &mut Json, schema: &Json) {
    match value {
        Json::Object(fields) => {
            for (name, below) in schema["properties"].as_object().into_iter().flatten() {
                if let Some(default) = below.get("default")
                    && !fields.contains_key(name)
                {
                    fields.insert(name.clone(), default.clone());
                }
                if let Some(value) = fields.get_mut(name) {
                    fill(value, below);
                }
            }
            if schema["additionalProperties"].is_object() {
                let below = &schema["additionalProperties"];
                fields.values_mut().for_each(|value| fill(value, below));
            }
        }
        Json::Array(parts) => parts.iter_mut().for_each(|part| fill(part, &schema["items"])),
        _ => {}
    }
}

/// Names a value's type, as schemas do.
fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// Says which types a schema allows where a value has none of them.
fn mistyped(value: &Json, schema: &Json) -> Option<String> {
    let given = type_of(value);
    if schema["x-kubernetes-int-or-string"] == true {
        return (!["integer", "string"].contains(&given)).then(|| "integer,string".to_owned());
    }
    let wanted = schema["type"].as_str()?;
    let fits = given == wanted
        || (wanted == "number" && given == "integer")
        || (given == "null" && schema["nullable"] == true);
    (!fits).then(|| wanted.to_owned())
}

/// What stands in the way of rules, which are not looked at then.
const BLOCKING: [&str; 5] = [
    "FieldValueNotSupported",
    "FieldValueRequired",
    "FieldValueTooLong",
    "FieldValueTooMany",
    "FieldValueTypeInvalid",
];

/// Checks the rules of a schema, where what is wrong so far does not stand in their way.
pub fn rules(object: &Json, old: Option<&Json>, schema: &Json, causes: &mut Vec<Cause>) {
    if !cel::has_rules(schema) {
        return;
    }
    if causes.iter().any(|cause| BLOCKING.contains(&cause.reason)) {
        let detail = "some validation rules were not checked because the object was invalid; \
            correct the existing errors to complete validation";
        causes.push(Cause::invalid("<nil>", &json!("null"), detail));
        return;
    }
    cel::check(object, old, schema, causes);
}

/// Checks a custom resource's status alone.
pub fn check_status(
    store: &Store,
    resource: &Resource,
    old: &Json,
    object: &Json,
    causes: &mut Vec<Cause>,
) {
    let Some(schema) = schema(store, resource) else { return };
    if let Some(status) = object.get("status").filter(|status| !status.is_null()) {
        validate(status, &schema["properties"]["status"], "", causes);
        for cause in causes.iter_mut() {
            cause.field = format!("status.{}", cause.field);
        }
    }
    rules(object, Some(old), &schema, causes);
}

/// Checks what values may be.
pub fn validate(value: &Json, schema: &Json, path: &str, causes: &mut Vec<Cause>) {
    if let Some(wanted) = mistyped(value, schema) {
        let given = type_of(value);
        let detail = format!("{path} in body must be of type {wanted}: \"{given}\"");
        causes.push(Cause::mistyped(path, &json!(given), &detail));
        return;
    }
    let (text, format) = (value.as_str(), schema["format"].as_str());
    if format == Some("date-time")
        && text.is_some_and(|text| text.parse::<jiff::Timestamp>().is_err())
    {
        let detail = format!("{path} in body must be of type date-time: {value}");
        causes.push(Cause::mistyped(path, value, &detail));
    }
    lists(value, schema, path, causes);
    let allowed = items(schema, "/enum");
    if !allowed.is_empty() && !allowed.contains(value) {
        let names: Vec<String> = allowed.iter().map(Json::to_string).collect();
        causes.push(Cause {
            reason: "FieldValueNotSupported",
            field: path.to_owned(),
            message: format!("Unsupported value: {value}: supported values: {}", names.join(", ")),
        });
    }
    let mut wrong = |detail: String| causes.push(Cause::invalid(path, value, &detail));
    if let Some(number) = value.as_f64() {
        if let Some(least) = schema["minimum"].as_f64().filter(|least| number < *least) {
            wrong(format!("{path} in body should be greater than or equal to {least}"));
        }
        if let Some(most) = schema["maximum"].as_f64().filter(|most| number > *most) {
            wrong(format!("{path} in body should be less than or equal to {most}"));
        }
    }
    if let Some(text) = value.as_str() {
        let pattern = schema["pattern"].as_str();
        let fits = |pattern: &str| Regex::new(pattern).is_ok_and(|regex| regex.is_match(text));
        if let Some(pattern) = pattern.filter(|pattern| !fits(pattern)) {
            wrong(format!("{path} in body should match '{pattern}'"));
        }
        let length = text.chars().count() as u64;
        if let Some(least) = schema["minLength"].as_u64().filter(|least| length < *least) {
            wrong(format!("{path} in body should be at least {least} chars long"));
        }
        if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            causes.push(Cause::too_long(path, most));
        }
    }
    let mut fields: Vec<(&String, &Json)> = value.as_object().into_iter().flatten().collect();
    fields.sort_by_key(|(name, _)| *name);
    for (name, below) in fields {
        if path.is_empty() && ["apiVersion", "kind", "metadata"].contains(&name.as_str()) {
            continue;
        }
        let joint = if path.is_empty() { "" } else { "." };
        let known = schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
        validate(below, known, &format!("{path}{joint}{name}"), causes);
    }
    for (at, below) in value.as_array().into_iter().flatten().enumerate() {
        validate(below, &schema["items"], &format!("{path}[{at}]"), causes);
    }
}

fn lists(value: &Json, schema: &Json, path: &str, causes: &mut Vec<Cause>) {
    let Some(parts) = value.as_array() else { return };
    if let Some(most) = schema["maxItems"].as_u64().filter(|most| parts.len() as u64 > *most) {
        causes.push(Cause {
            reason: "FieldValueTooMany",
            field: path.to_owned(),
            message: format!("Too many: {}: must have at most {most} items", parts.len()),
        });
    }
    let keys: Vec<&str> =
        items(schema, "/x-kubernetes-list-map-keys").iter().filter_map(Json::as_str).collect();
    let mut seen = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let (key, shown) = match schema["x-kubernetes-list-type"].as_str() {
            Some("set") => (part.clone(), part.to_string()),
            Some("map") => {
                let rows = keys.iter().filter_map(|key| Some((*key, part.get(*key)?)));
                let rows: Vec<String> =
                    rows.map(|(key, value)| format!("{key:?}:{value}")).collect();
                let key = keys.iter().map(|key| part[*key].clone()).collect();
                (key, format!("map[string]interface {{}}{{{}}}", rows.join(", ")))
            }
            _ => return,
        };
        if seen.contains(&key) {
            causes.push(Cause {
                reason: "FieldValueDuplicate",
                field: format!("{path}[{at}]"),
                message: format!("Duplicate value: {shown}"),
            });
        }
        seen.push(key);
    }
}

/// Gives the paths of a custom resource's scale: wanted and present numbers.
pub fn scale_paths(store: &Store, resource: &Resource) -> Option<(String, String)> {
    let version = version_of(store, resource)?;
    let scale = &version["subresources"]["scale"];
    let pointer = |name: &str| Some(scale[name].as_str()?.replace('.', "/"));
    Some((pointer("specReplicasPath")?, pointer("statusReplicasPath")?))
}

/// Gives the objects of what a definition makes.
pub fn objects(store: &Store, definition: &Json) -> Vec<Arc<Json>> {
    let (group, plural) = (text(definition, "/spec/group"), text(definition, "/spec/names/plural"));
    let of = store.objects.iter().filter(|(key, _)| key.group == group && key.plural == plural);
    of.map(|(_, object)| object.clone()).collect()
}

/// Checks a definition itself; `given` says whether it names versions, be they none.
pub fn check_definition(definition: &Json, given: bool, causes: &mut Vec<Cause>) {
    let spec = &definition["spec"];
    let group = text(spec, "/group");
    let wanted = format!("{}.{group}", text(spec, "/names/plural"));
    let mut before = std::mem::take(causes);
    if name(definition) != wanted {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        causes.push(Cause::invalid("metadata.name", &json!(name(definition)), detail));
    }
    // Of the parts the server speaks after the group and the scope, and of their names last.
    let late = |cause: &Cause| cause.field.starts_with("spec.names");
    let names: Vec<Cause> = before.iter().filter(|cause| late(cause)).cloned().collect();
    before.retain(|cause| !late(cause));
    for (field, value) in [("spec.group", group), ("spec.scope", text(spec, "/scope"))] {
        if value.is_empty() {
            causes.push(Cause::required(field, ""));
        }
    }
    causes.extend(before);
    let approved = "api-approved.kubernetes.io";
    if (group.ends_with(".k8s.io") || group.ends_with(".kubernetes.io"))
        && definition["metadata"]["annotations"].get(approved).is_none()
    {
        let detail = format!(
            "protected groups must have approval annotation \"{approved}\", see \
             https://github.com/kubernetes/enhancements/pull/1111"
        );
        causes.push(Cause::required(format!("metadata.annotations[{approved}]"), &detail));
    }
    let versions = items(spec, "/versions");
    let stored = versions.iter().filter(|version| version["storage"] == true).count();
    if stored != 1 {
        let detail = "must have exactly one version marked as storage version";
        let shown = match versions.is_empty() {
            true if given => "[]apiextensions.CustomResourceDefinitionVersion{}".to_owned(),
            true => "[]apiextensions.CustomResourceDefinitionVersion(nil)".to_owned(),
            false => json!(versions).to_string(),
        };
        causes.push(Cause {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {shown}: {detail}"),
            field: "spec.versions".to_owned(),
        });
    }
    causes.extend(names);
    names_and_conversion(spec, causes);
    if stored != 1 {
        causes.push(Cause {
            reason: "FieldValueInvalid",
            message: "Invalid value: []string(nil): must have at least one stored version".into(),
            field: "status.storedVersions".to_owned(),
        });
    }
    for (at, version) in versions.iter().enumerate() {
        let field = format!("spec.versions[{at}].schema.openAPIV3Schema");
        let schema = version.pointer("/schema/openAPIV3Schema");
        let Some(schema) = schema.filter(|schema| schema.is_object()) else {
            causes.push(Cause::required(field.as_str(), "schemas are required"));
            continue;
        };
        // With one version alone the server speaks of it in the words of the first API.
        let field = match versions.len() {
            1 => "spec.validation.openAPIV3Schema".to_owned(),
            _ => field,
        };
        if schema.get("type").is_none() {
            let detail = "must not be empty at the root";
            causes.push(Cause::required(format!("{field}.type"), detail));
        } else {
            structural_faults(schema, &field, causes);
        }
    }
}

fn names_and_conversion(spec: &Json, causes: &mut Vec<Cause>) {
    for name in ["plural", "singular", "kind", "listKind"] {
        if text(spec, &format!("/names/{name}")).is_empty() {
            causes.push(Cause::required(format!("spec.names.{name}"), ""));
        }
    }
    let webhook = &spec["conversion"]["webhook"];
    if text(spec, "/conversion/strategy") != "Webhook" {
        let detail = "should not be set when strategy is not set to Webhook";
        for (given, field) in [
            ("clientConfig", "webhookClientConfig"),
            ("conversionReviewVersions", "conversionReviewVersions"),
        ] {
            if webhook.get(given).is_some() {
                causes.push(Cause::forbidden(format!("spec.conversion.{field}"), detail));
            }
        }
    }
}

/// Says where a schema is not structural.
fn structural_faults(schema: &Json, field: &str, causes: &mut Vec<Cause>) {
    cel::unreadable(schema, field, causes);
    if schema["type"] == "array" && schema.get("items").is_none() {
        causes.push(Cause::required(format!("{field}.items"), "must be specified"));
    }
    if schema["x-kubernetes-list-type"] == "map"
        && items(schema, "/x-kubernetes-list-map-keys").is_empty()
    {
        let detail = "must not be empty if x-kubernetes-list-type is map";
        let field = format!("{field}.x-kubernetes-list-map-keys");
        causes.push(Cause::required(field, detail));
    }
    if let Some(default) = schema.get("default")
        && let Some(wanted) = mistyped(default, schema)
    {
        let given = type_of(default);
        let detail = format!(" in body must be of type {wanted}: \"{given}\"");
        causes.push(Cause::mistyped(format!("{field}.default"), &json!(given), &detail));
    }
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        let field = format!("{field}.properties[{name}]");
        let free = below["x-kubernetes-int-or-string"] == true
            || below["x-kubernetes-preserve-unknown-fields"] == true;
        if below.get("type").is_none() && !free {
            let detail = "must not be empty for specified object fields";
            causes.push(Cause::required(format!("{field}.type"), detail));
        } else {
            structural_faults(below, &field, causes);
        }
    }
    if schema["items"].is_object() {
        structural_faults(&schema["items"], &format!("{field}.items"), causes);
    }
}

/// Gives a document's schema of a kind, with what each object has.
pub fn document(resource: &Resource, schema: &Json) -> Json {
    let mut schema = schema.clone();
    if !schema["properties"].is_object() {
        schema["properties"] = Json::Object(Map::new());
    }
    for name in ["apiVersion", "kind"] {
        schema["properties"][name] = json!({"type": "string"});
    }
    schema["properties"]["metadata"] =
        json!({"$ref": "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"});
    schema["x-kubernetes-group-version-kind"] =
        json!([{"group": resource.group, "version": resource.version, "kind": resource.kind}]);
    schema
}
