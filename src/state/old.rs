//! State files of formats 1 to 3, which Terraform wrote up to 0.11: brought into format 4 as they are read.
//!
//! Their attributes are texts by dotted names; those go into `attributes_flat`, as in Terraform, and are read by who
//! knows the schema. A provider's name says no source: it is one of `hashicorp`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value as Json, json};

use super::file::StateError;
use super::flat::FLAT;
use super::provider::legacy;

/// Gives a file of an older format as one of format 4.
///
/// # Errors
/// A part is not as the older formats have it.
pub(super) fn upgraded(file: &Json) -> Result<Json, StateError> {
    let mut outputs = Map::new();
    let mut resources = Vec::new();
    for (number, module) in list(file, "modules", "")?.iter().enumerate() {
        let place = format!("modules[{number}]");
        let path = module_path(module, &place)?;
        if path.is_empty() {
            for (name, written) in object(module, "outputs", &place)? {
                outputs.insert(name.clone(), output(written));
            }
        }
        for (name, resource) in object(module, "resources", &place)? {
            let place = format!("{place}.resources[\"{name}\"]");
            add(&mut resources, &path, name, resource, &place)?;
        }
    }
    Ok(json!({
        "version": 4,
        "serial": file.get("serial").cloned().unwrap_or(Json::Null),
        "lineage": file.get("lineage").cloned().unwrap_or(Json::Null),
        "outputs": outputs,
        "resources": resources,
    }))
}

fn wrong(place: &str, reason: &str) -> StateError {
    StateError::Form { place: place.to_string(), reason: reason.to_string() }
}

fn list<'a>(json: &'a Json, name: &str, place: &str) -> Result<&'a [Json], StateError> {
    match json.get(name) {
        None | Some(Json::Null) => Ok(&[]),
        Some(Json::Array(parts)) => Ok(parts),
        Some(_) => Err(wrong(&inside(place, name), "an array is required")),
    }
}

fn object<'a>(
    json: &'a Json,
    name: &str,
    place: &str,
) -> Result<impl Iterator<Item = (&'a String, &'a Json)>, StateError> {
    match json.get(name) {
        None | Some(Json::Null) => Ok(None.into_iter().flatten()),
        Some(Json::Object(members)) => Ok(Some(members.iter()).into_iter().flatten()),
        Some(_) => Err(wrong(&inside(place, name), "an object is required")),
    }
}

fn inside(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_string() } else { format!("{place}.{name}") }
}

/// Gives the calls that lead to a module; they had no keys.
fn module_path(module: &Json, place: &str) -> Result<Vec<String>, StateError> {
    let names = list(module, "path", place)?.iter().map(|name| name.as_str().map(String::from));
    let names: Option<Vec<String>> = names.collect();
    match names.as_deref() {
        Some([root, calls @ ..]) if root == "root" => Ok(calls.to_vec()),
        _ => Err(wrong(
            &inside(place, "path"),
            "a list of names that begins with \"root\" is required",
        )),
    }
}

/// Gives an output; those of format 1 are bare texts.
fn output(written: &Json) -> Json {
    let Some(members) = written.as_object() else {
        return json!({"value": written, "type": "string"});
    };
    let value = members.get("value").cloned().unwrap_or(Json::Null);
    // A list or map said nothing of its elements: they are told as they are found.
    let ty = match members.get("type").and_then(Json::as_str) {
        Some("string") => Json::from("string"),
        _ => crate::value::json::type_to_json(&found_type(&value)),
    };
    let mut output = json!({"value": value, "type": ty});
    if members.get("sensitive").and_then(Json::as_bool) == Some(true) {
        output["sensitive"] = true.into();
    }
    output
}

/// Gives the type of an output's value: of one type throughout where its parts are.
fn found_type(value: &Json) -> crate::value::Type {
    use crate::value::Type;
    match value {
        Json::Array(parts) if parts.iter().all(Json::is_string) => Type::list(Type::String),
        Json::Object(parts) if parts.values().all(Json::is_string) => Type::map(Type::String),
        other => crate::value::json::from_json(other).ty(),
    }
}

/// A resource's name as these formats have it: `data.TYPE.NAME.NUMBER`.
struct Name<'a> {
    mode: &'static str,
    type_name: &'a str,
    name: &'a str,
    number: Option<u64>,
}

impl Name<'_> {
    fn parse(text: &str) -> Option<Name<'_>> {
        let (mode, rest) = match text.strip_prefix("data.") {
            Some(rest) => ("data", rest),
            None => ("managed", text),
        };
        let mut words = rest.split('.');
        let (type_name, name) = (words.next()?, words.next()?);
        let number = match words.next() {
            None => None,
            Some(number) => Some(number.parse().ok()?),
        };
        let whole = !type_name.is_empty() && !name.is_empty() && words.next().is_none();
        whole.then_some(Name { mode, type_name, name, number })
    }
}

/// Adds the instances of a resource's entry to the resource of format 4.
fn add(
    resources: &mut Vec<Json>,
    path: &[String],
    name: &str,
    resource: &Json,
    place: &str,
) -> Result<(), StateError> {
    let named = Name::parse(name).ok_or_else(|| wrong(place, "its name is none of a resource"))?;
    let module: Vec<String> = path.iter().map(|call| format!("module.{call}")).collect();
    let module = module.join(".");
    let mut head = Map::new();
    if !module.is_empty() {
        head.insert("module".into(), module.clone().into());
    }
    head.insert("mode".into(), named.mode.into());
    head.insert("type".into(), named.type_name.into());
    head.insert("name".into(), named.name.into());
    let provider = resource.get("provider").and_then(Json::as_str).unwrap_or_default();
    let provider = match provider {
        "" => implied(&module, named.type_name),
        written => legacy(written)
            .ok_or_else(|| wrong(&inside(place, "provider"), "it is no provider's name"))?
            .to_string(),
    };
    head.insert("provider".into(), provider.into());
    let instances = instances(&named, &module, resource, place)?;
    let same = |json: &&mut Json| head.iter().all(|(name, value)| json.get(name) == Some(value));
    match resources.iter_mut().find(same) {
        Some(found) => {
            if let Some(present) = found["instances"].as_array_mut() {
                present.extend(instances);
            }
        }
        None => {
            head.insert("instances".into(), instances.into());
            resources.push(Json::Object(head));
        }
    }
    Ok(())
}

/// Gives the provider of an entry that names none: that of the type's first word, in the entry's own module.
fn implied(module: &str, type_name: &str) -> String {
    let short = type_name.split('_').next().unwrap_or_default();
    let dot = if module.is_empty() { "" } else { "." };
    let text = format!("{module}{dot}provider.{short}");
    legacy(&text).map_or(text, |name| name.to_string())
}

fn instances(
    named: &Name<'_>,
    module: &str,
    resource: &Json,
    place: &str,
) -> Result<Vec<Json>, StateError> {
    let needs = needs(module, resource, place)?;
    let mut instances = Vec::new();
    let mut put = |object: &Json, deposed: Option<String>| {
        let mut instance = Map::new();
        if let Some(number) = named.number {
            instance.insert("index_key".into(), number.into());
        }
        if object.get("tainted").and_then(Json::as_bool) == Some(true) {
            instance.insert("status".into(), "tainted".into());
        }
        if let Some(key) = deposed {
            instance.insert("deposed".into(), key.into());
        }
        fill(&mut instance, object, place)?;
        instance.insert("dependencies".into(), needs.clone().into());
        instances.push(Json::Object(instance));
        Ok::<(), StateError>(())
    };
    let primary = resource.get("primary").filter(|object| !object.is_null());
    primary.map_or(Ok(()), |object| put(object, None))?;
    // What format 1 calls tainted are objects that were replaced and are still to be removed.
    let former = list(resource, "deposed", place)?.iter().chain(list(resource, "tainted", place)?);
    for (number, object) in former.filter(|object| !object.is_null()).enumerate() {
        put(object, Some(format!("{:08x}", number + 1)))?;
    }
    Ok(instances)
}

/// Gives the resources of the same module that an entry depends on.
fn needs(module: &str, resource: &Json, place: &str) -> Result<Vec<Json>, StateError> {
    let dot = if module.is_empty() { "" } else { "." };
    let names = list(resource, "depends_on", place)?.iter().filter_map(Json::as_str);
    let mut needs: Vec<Json> = names
        .filter_map(|name| Name::parse(name.trim_end_matches(".*")))
        .filter(|name| name.type_name != "module")
        .map(|Name { mode, type_name, name, .. }| {
            let data = if mode == "data" { "data." } else { "" };
            format!("{module}{dot}{data}{type_name}.{name}").into()
        })
        .collect();
    needs.dedup();
    Ok(needs)
}

/// Puts attributes, schema version and the provider's own bytes of an object into an instance.
fn fill(instance: &mut Map<String, Json>, object: &Json, place: &str) -> Result<(), StateError> {
    let mut version = json!(0);
    let mut meta = Map::new();
    for (name, value) in self::object(object, "meta", place)? {
        if name == "schema_version" {
            let text = value.as_str().map_or_else(|| value.to_string(), String::from);
            let number = text.parse::<u64>().map_err(|_| {
                wrong(&format!("{place}.meta.schema_version"), "a whole number is required")
            })?;
            version = number.into();
        } else {
            meta.insert(name.clone(), value.clone());
        }
    }
    let mut flat = Map::new();
    for (name, value) in self::object(object, "attributes", place)? {
        flat.insert(name.clone(), value.clone());
    }
    if let Some(id) = object.get("id").filter(|id| id.is_string()) {
        flat.entry("id").or_insert_with(|| id.clone());
    }
    instance.insert("schema_version".into(), version);
    instance.insert(FLAT.into(), Json::Object(flat));
    if !meta.is_empty() {
        instance.insert("private".into(), BASE64.encode(Json::Object(meta).to_string()).into());
    }
    Ok(())
}
