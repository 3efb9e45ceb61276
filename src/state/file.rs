//! The state file: format 4 of Terraform, so that both programs can work on one file.
//!
//! Members have Terraform's names, order, indentation and escapes. What is not known here is kept
//! and written back. Older formats are read as what they say in this one; newer ones are refused, since
//! writing one would lose what it says.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value as Json};

use super::flat::FLAT;
use super::{KeptOutput, Object, Snapshot, old};
use crate::addr::{Address, BlockName, Key, Mode, ModulePath, Target, module_text};
use crate::diag::Diagnostic;
use crate::value::json::{from_json_as, to_json, type_from_json, type_to_json};
use crate::value::{Type, Value};

/// The version text that is written where the snapshot names none: readers ask only that it is not
/// newer than they are by a major number.
pub const COMPATIBLE: &str = "1.11.4";

/// Why a state file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// It is not JSON.
    #[error("line {line}, column {column}: {reason}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// It is of a format that is not read.
    #[error("the state has format version {version}; this program reads and writes version 4")]
    Version {
        /// The format's number.
        version: u64,
    },
    /// It says no format that there could be.
    #[error("the state names no format: {0}")]
    NoVersion(&'static str),
    /// It is in the bytes that Terraform wrote before 0.6.
    #[error("the state is in a binary format")]
    Binary,
    /// It is encrypted.
    #[error("the state is encrypted")]
    Encrypted,
    /// A part is not as the format has it.
    #[error("{place}: {reason}")]
    Form {
        /// The part, like `resources[0].instances[1].deposed`.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl StateError {
    /// Gives the diagnostic for people; `origin` names the file or place.
    pub fn to_diagnostic(&self, origin: &str) -> Diagnostic {
        match self {
            StateError::NotJson { line, column, reason } => Diagnostic::error(
                "Broken state file",
                format!(
                    "The state in {origin} is not valid JSON: {reason}, at line {line}, column {column}."
                ),
            )
            .help(
                "If the file was cut short, the state before the last change may stand in the file beside it \
                 whose name ends in .backup.",
            )
            .help("Nothing was changed. Mend the file, or put a backup in its place."),
            StateError::Version { version } => Diagnostic::error(
                "State written by a newer version",
                format!("The state in {origin} has format version {version}; this program reads versions 1 to 4."),
            )
            .help("Use the program that wrote it, or a newer version of this one."),
            StateError::NoVersion(why) => Diagnostic::error(
                "Unsupported state file format",
                format!("The state in {origin} cannot be read: {why}."),
            )
            .help("Nothing was changed. Is it a state file? If it was, put a backup in its place."),
            StateError::Binary => Diagnostic::error(
                "Unsupported state file format",
                format!("The state in {origin} is in the binary format that Terraform wrote before 0.6."),
            )
            .help("Nothing was changed. Run \"terraform show\" once with Terraform 0.6.16: it rewrites the state in a format that is read here."),
            StateError::Encrypted => Diagnostic::error(
                "Encrypted state",
                format!("The state in {origin} is encrypted, and this program has no key for it."),
            )
            .help("Write it unencrypted with the program that encrypted it (its method \"unencrypted\"), then run this again."),
            StateError::Form { place, reason } => Diagnostic::error(
                "Broken state file",
                format!("The state in {origin} is not as format version 4 has it: at \"{place}\", {reason}."),
            )
            .help("Nothing was changed. Mend the file, or put a backup in its place."),
        }
    }
}

/// Reads a state file's text.
///
/// # Errors
/// What is wrong with it, and where.
pub fn read(text: &str) -> Result<Snapshot, StateError> {
    let text = text.trim_start_matches('\u{feff}');
    if text.starts_with("tfstate") {
        return Err(StateError::Binary);
    }
    let json: Json = serde_json::from_str(text).map_err(|error| StateError::NotJson {
        line: error.line(),
        column: error.column(),
        reason: error.to_string().split(" at line ").next().unwrap_or_default().to_string(),
    })?;
    if json.get("encrypted_data").is_some() {
        return Err(StateError::Encrypted);
    }
    let json = match version(&json)? {
        4 => json,
        1..=3 => old::upgraded(&json)?,
        version => return Err(StateError::Version { version }),
    };
    let mut file = Members::of(json, "")?;
    file.take("version");
    let mut snapshot = Snapshot {
        written_by: file.text("terraform_version")?.unwrap_or_default(),
        serial: file.number("serial")?.unwrap_or_default(),
        lineage: file.text("lineage")?.unwrap_or_default(),
        ..Snapshot::default()
    };
    for (name, output) in file.object("outputs")? {
        read_output(&mut snapshot, &name, output)?;
    }
    for (place, resource) in file.array("resources")?.into_iter().enumerate() {
        read_resource(&mut snapshot, resource, &format!("resources[{place}]"))?;
    }
    snapshot.checks = file.rest.shift_remove("check_results").filter(|checks| !checks.is_null());
    snapshot.other.file = file.rest;
    Ok(snapshot)
}

/// Gives the number of the format.
fn version(json: &Json) -> Result<u64, StateError> {
    match json.get("version") {
        None | Some(Json::Null) if json.is_object() => {
            Err(StateError::NoVersion("it has no \"version\", which says of what format it is"))
        }
        Some(version) => match version.as_u64() {
            Some(0) => Err(StateError::NoVersion("there never was a format version 0")),
            Some(version) => Ok(version),
            None => Err(StateError::NoVersion("its \"version\" is no positive whole number")),
        },
        None => Err(StateError::NoVersion("it is JSON, but no object")),
    }
}

/// An object of the file whose known members are taken out one by one.
struct Members {
    place: String,
    rest: Map<String, Json>,
}

impl Members {
    fn of(json: Json, place: &str) -> Result<Members, StateError> {
        match json {
            Json::Object(rest) => Ok(Members { place: place.to_string(), rest }),
            _ => Err(StateError::Form {
                place: if place.is_empty() { "the whole".into() } else { place.to_string() },
                reason: "an object is required".into(),
            }),
        }
    }

    fn wrong(&self, name: &str, reason: &str) -> StateError {
        let dot = if self.place.is_empty() { "" } else { "." };
        StateError::Form { place: format!("{}{dot}{name}", self.place), reason: reason.into() }
    }

    fn take(&mut self, name: &str) -> Option<Json> {
        self.rest.shift_remove(name).filter(|found| !found.is_null())
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, StateError> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "a string is required")),
        }
    }

    fn needed(&mut self, name: &str) -> Result<String, StateError> {
        self.text(name)?.ok_or_else(|| self.wrong(name, "a string is required"))
    }

    fn number(&mut self, name: &str) -> Result<Option<u64>, StateError> {
        match self.take(name) {
            None => Ok(None),
            Some(found) => match found.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong(name, "a whole number is required")),
            },
        }
    }

    fn flag(&mut self, name: &str) -> Result<bool, StateError> {
        match self.take(name) {
            None => Ok(false),
            Some(Json::Bool(flag)) => Ok(flag),
            Some(_) => Err(self.wrong(name, "true or false is required")),
        }
    }

    fn array(&mut self, name: &str) -> Result<Vec<Json>, StateError> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Json::Array(parts)) => Ok(parts),
            Some(_) => Err(self.wrong(name, "an array is required")),
        }
    }

    fn object(&mut self, name: &str) -> Result<Map<String, Json>, StateError> {
        match self.take(name) {
            None => Ok(Map::new()),
            Some(Json::Object(members)) => Ok(members),
            Some(_) => Err(self.wrong(name, "an object is required")),
        }
    }
}

fn read_output(snapshot: &mut Snapshot, name: &str, json: Json) -> Result<(), StateError> {
    let mut output = Members::of(json, &format!("outputs.{name}"))?;
    let ty = match output.take("type") {
        None => Type::Any,
        Some(ty) => type_from_json(&ty).ok_or_else(|| output.wrong("type", "it is no type"))?,
    };
    let json = output.rest.shift_remove("value").unwrap_or(Json::Null);
    let value = match ty {
        Type::Any => crate::value::json::from_json(&json),
        _ => from_json_as(&json, &ty).map_err(|error| output.wrong("value", &error.message))?,
    };
    let sensitive = output.flag("sensitive")?;
    let value = if sensitive { value.sensitive() } else { value };
    snapshot.outputs.insert(name.to_string(), KeptOutput { value, ty, sensitive });
    if !output.rest.is_empty() {
        snapshot.other.outputs.insert(name.to_string(), output.rest);
    }
    Ok(())
}

fn read_resource(snapshot: &mut Snapshot, json: Json, place: &str) -> Result<(), StateError> {
    let mut resource = Members::of(json, place)?;
    let module = match resource.text("module")? {
        None => ModulePath::new(),
        Some(text) => match text.parse() {
            Ok(Target::Module(module)) => module,
            _ => return Err(resource.wrong("module", "it is no module address")),
        },
    };
    let mode = match resource.needed("mode")?.as_str() {
        "managed" => Mode::Managed,
        "data" => Mode::Data,
        _ => return Err(resource.wrong("mode", "\"managed\" or \"data\" is required")),
    };
    let type_name = resource.needed("type")?;
    let name = resource.needed("name")?;
    let block = Address::from(BlockName { module, mode, type_name, name });
    let provider = resource.needed("provider")?;
    for (number, instance) in resource.array("instances")?.into_iter().enumerate() {
        let place = format!("{place}.instances[{number}]");
        read_instance(snapshot, &block, &provider, Members::of(instance, &place)?)?;
    }
    if !resource.rest.is_empty() {
        snapshot.other.blocks.insert(block, resource.rest);
    }
    Ok(())
}

fn read_instance(
    snapshot: &mut Snapshot,
    block: &Address,
    provider: &str,
    mut instance: Members,
) -> Result<(), StateError> {
    let key = match instance.take("index_key") {
        None => None,
        Some(Json::String(name)) => Some(Key::String(name.into())),
        Some(number) => match number.as_u64() {
            Some(number) => Some(Key::Number(number)),
            None => return Err(instance.wrong("index_key", "a number or string is required")),
        },
    };
    let address = block.with_key(key);
    let deposed = instance.text("deposed")?;
    let object = read_object(provider, instance)?;
    let tracked = snapshot.objects.entry(address.clone()).or_default();
    let former = match &deposed {
        None => tracked.current.replace(object),
        Some(key) => tracked.deposed.insert(key.clone(), object),
    };
    match former {
        None => Ok(()),
        Some(_) => Err(StateError::Form {
            place: address.to_string(),
            reason: "the instance stands there twice".into(),
        }),
    }
}

fn read_object(provider: &str, mut instance: Members) -> Result<Object, StateError> {
    let tainted = match instance.text("status")?.as_deref() {
        None | Some("") => false,
        Some("tainted") => true,
        Some(_) => return Err(instance.wrong("status", "only \"tainted\" is known")),
    };
    let private = match instance.text("private")? {
        None => Vec::new(),
        Some(text) => {
            BASE64.decode(text).map_err(|_| instance.wrong("private", "it is not base64"))?
        }
    };
    let mut needs = Vec::new();
    for need in instance.array("dependencies")? {
        let address = need.as_str().and_then(|need| need.parse().ok());
        needs.push(
            address
                .ok_or_else(|| instance.wrong("dependencies", "a resource address is required"))?,
        );
    }
    Ok(Object {
        attributes: instance.rest.shift_remove("attributes").unwrap_or(Json::Null).into(),
        sensitive: instance.array("sensitive_attributes")?,
        schema_version: instance.number("schema_version")?.unwrap_or_default(),
        provider: provider.to_string(),
        needs,
        tainted,
        create_before_destroy: instance.flag("create_before_destroy")?,
        private,
        identity: instance.take("identity"),
        // A map whose members were taken out still holds their room.
        other: if instance.rest.is_empty() { Map::new() } else { instance.rest },
    })
}

/// Writes a state file's text.
pub fn write(snapshot: &Snapshot) -> String {
    let written_by =
        if snapshot.written_by.is_empty() { COMPATIBLE } else { snapshot.written_by.as_str() };
    let mut file = Map::new();
    file.insert("version".into(), 4.into());
    file.insert("terraform_version".into(), written_by.into());
    file.insert("serial".into(), snapshot.serial.into());
    file.insert("lineage".into(), snapshot.lineage.clone().into());
    file.insert("outputs".into(), Json::Object(write_outputs(snapshot)));
    file.insert("resources".into(), Json::Array(write_resources(snapshot)));
    file.insert("check_results".into(), snapshot.checks.clone().unwrap_or(Json::Null));
    file.extend(snapshot.other.file.clone());
    let text = serde_json::to_string_pretty(&Json::Object(file));
    let text = text.expect("a JSON tree with string keys can always be written");
    escape(&text) + "\n"
}

/// Escapes what Go's encoder escapes: these characters stand in JSON only inside strings.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    out
}

fn write_outputs(snapshot: &Snapshot) -> Map<String, Json> {
    let mut outputs = Map::new();
    for (name, kept) in &snapshot.outputs {
        let mut output = Map::new();
        output.insert("value".into(), to_json(&kept.value));
        output.insert("type".into(), type_to_json(&written_type(&kept.value, &kept.ty)));
        if kept.sensitive {
            output.insert("sensitive".into(), true.into());
        }
        output.extend(snapshot.other.outputs.get(name).cloned().unwrap_or_default());
        outputs.insert(name.clone(), Json::Object(output));
    }
    outputs
}

/// The type of a value, unless one is named that says more.
fn written_type(value: &Value, ty: &Type) -> Type {
    if *ty == Type::Any { value.ty() } else { ty.clone() }
}

fn write_resources(snapshot: &Snapshot) -> Vec<Json> {
    let mut blocks: BTreeMap<(String, &str, &str, &str), Vec<&Address>> = BTreeMap::new();
    for address in snapshot.objects.keys() {
        let mode = if address.mode == Mode::Managed { "managed" } else { "data" };
        let block =
            (module_text(&address.module), mode, address.type_name.as_str(), address.name.as_str());
        blocks.entry(block).or_default().push(address);
    }
    let mut resources = Vec::new();
    for ((module, mode, type_name, name), addresses) in blocks {
        let Some((provider, instances)) = write_instances(snapshot, &addresses) else { continue };
        let mut resource = Map::new();
        if !module.is_empty() {
            resource.insert("module".into(), module.into());
        }
        resource.insert("mode".into(), mode.into());
        resource.insert("type".into(), type_name.into());
        resource.insert("name".into(), name.into());
        resource.insert("provider".into(), provider.into());
        resource.insert("instances".into(), instances.into());
        let other = addresses.first().and_then(|first| snapshot.other.blocks.get(&first.block()));
        resource.extend(other.cloned().unwrap_or_default());
        resources.push(Json::Object(resource));
    }
    resources
}

/// Gives the block's provider and its instances; nothing where there is none.
fn write_instances(snapshot: &Snapshot, addresses: &[&Address]) -> Option<(String, Vec<Json>)> {
    let mut provider = None;
    let mut instances = Vec::new();
    for address in addresses {
        let Some(tracked) = snapshot.objects.get(address) else { continue };
        let current = tracked.current.iter().map(|object| (None, object));
        let deposed = tracked.deposed.iter().map(|(key, object)| (Some(key.as_str()), object));
        for (deposed, object) in current.chain(deposed) {
            provider.get_or_insert_with(|| object.provider.clone());
            instances.push(Json::Object(write_instance(address, deposed, object)));
        }
    }
    provider.map(|provider| (provider, instances))
}

fn write_instance(address: &Address, deposed: Option<&str>, object: &Object) -> Map<String, Json> {
    let mut instance = Map::new();
    match &address.key {
        None => {}
        Some(Key::Number(number)) => drop(instance.insert("index_key".into(), (*number).into())),
        Some(Key::String(name)) => drop(instance.insert("index_key".into(), (&**name).into())),
    }
    if object.tainted {
        instance.insert("status".into(), "tainted".into());
    }
    if let Some(deposed) = deposed {
        instance.insert("deposed".into(), deposed.into());
    }
    instance.insert("schema_version".into(), object.schema_version.into());
    if !object.attributes.is_null() {
        instance.insert("attributes".into(), Json::clone(&object.attributes));
    }
    if let Some(flat) = object.other.get(FLAT) {
        instance.insert(FLAT.into(), flat.clone());
    }
    instance.insert("sensitive_attributes".into(), Json::Array(object.sensitive.clone()));
    if let Some(version) = object.other.get("identity_schema_version") {
        instance.insert("identity_schema_version".into(), version.clone());
    }
    if let Some(identity) = &object.identity {
        instance.insert("identity".into(), identity.clone());
    }
    if !object.private.is_empty() {
        instance.insert("private".into(), BASE64.encode(&object.private).into());
    }
    if !object.needs.is_empty() {
        let needs: BTreeSet<String> = object.needs.iter().map(Address::to_string).collect();
        instance.insert("dependencies".into(), needs.into_iter().collect());
    }
    if object.create_before_destroy {
        instance.insert("create_before_destroy".into(), true.into());
    }
    for (name, other) in &object.other {
        instance.entry(name.clone()).or_insert_with(|| other.clone());
    }
    instance
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: [(&str, &str); 2] = [
        ("all kinds", include_str!("../../state/samples/kinds.tfstate")),
        ("of a newer minor version", include_str!("../../state/samples/members.tfstate")),
    ];

    #[test]
    fn a_file_that_is_read_and_written_is_the_same_text() {
        for (name, text) in SAMPLES {
            let snapshot = read(text).unwrap();

            assert_eq!(write(&snapshot), text, "{name}");
        }
    }

    #[test]
    fn members_that_are_not_known_survive() {
        let snapshot = read(SAMPLES[1].1).unwrap();

        let text = write(&snapshot);

        for member in
            ["\"x_file\"", "\"x_output\"", "\"x_block\"", "\"x_instance\"", "\"identity\""]
        {
            assert!(text.contains(member), "{member}");
        }
    }

    #[test]
    fn a_format_that_is_none_or_newer_is_refused_with_what_to_do() {
        for (version, why) in [
            ("5", "format version 5"),
            ("0", "never was"),
            ("-1", "positive whole number"),
            ("4.5", "positive whole number"),
            ("\"4\"", "positive whole number"),
            ("null", "no \"version\""),
        ] {
            let error = read(&format!("{{\"version\": {version}}}")).unwrap_err();

            let told = error.to_diagnostic("x");
            assert!(told.detail.contains(why), "{version}: {told:?}");
            assert!(!told.help.is_empty());
        }
        assert_eq!(read("tfstate\u{1}…").unwrap_err(), StateError::Binary);
        assert!(matches!(read("[]").unwrap_err(), StateError::NoVersion(_)));
    }

    #[test]
    fn older_formats_are_read_as_terraform_reads_them() {
        const OLD: [(&str, &str, &str); 3] = [
            (
                "3",
                include_str!("../../state/samples/format-3.tfstate"),
                include_str!("../../state/samples/format-3.upgraded.tfstate"),
            ),
            (
                "2",
                include_str!("../../state/samples/format-2.tfstate"),
                include_str!("../../state/samples/format-2.upgraded.tfstate"),
            ),
            (
                "1",
                include_str!("../../state/samples/format-1.tfstate"),
                include_str!("../../state/samples/format-1.upgraded.tfstate"),
            ),
        ];
        for (version, old, new) in OLD {
            assert_eq!(write(&read(old).unwrap()), new, "{version}");
            assert_eq!(write(&read(new).unwrap()), new, "{version}");
        }
    }

    #[test]
    fn a_broken_part_of_an_older_format_is_told_with_its_place() {
        for (module, place) in [
            (r#"{"path": ["x"]}"#, "modules[0].path"),
            (r#"{"path": ["root"], "resources": []}"#, "modules[0].resources"),
            (r#"{"path": ["root"], "resources": {"a": {}}}"#, "modules[0].resources[\"a\"]"),
            (
                r#"{"path": ["root"], "resources": {"a.b": {"primary": {"meta": {"schema_version": "x"}}}}}"#,
                "modules[0].resources[\"a.b\"].meta.schema_version",
            ),
        ] {
            let error = read(&format!("{{\"version\": 3, \"modules\": [{module}]}}")).unwrap_err();

            assert!(error.to_string().starts_with(place), "{error}");
        }
    }

    #[test]
    fn broken_text_is_told_with_its_line() {
        let error = read("{\n  \"version\": 4,\n  \"serial\": ]\n}").unwrap_err();

        assert!(matches!(error, StateError::NotJson { line: 3, column: 13, .. }), "{error:?}");
    }

    #[test]
    fn a_part_of_a_wrong_form_is_told_with_its_place() {
        let text = r#"{"version": 4, "resources": [{"mode": "managed", "type": "a", "name": "b",
            "provider": "p", "instances": [{"index_key": true}]}]}"#;

        let error = read(text).unwrap_err();

        assert!(error.to_string().starts_with("resources[0].instances[0].index_key"), "{error}");
    }

    #[test]
    fn an_encrypted_state_is_refused_as_such() {
        let error = read(r#"{"serial": 1, "encrypted_data": "x"}"#).unwrap_err();

        assert_eq!(error, StateError::Encrypted);
    }

    #[test]
    fn a_resource_with_two_current_instances_of_one_key_is_refused() {
        let text = r#"{"version": 4, "resources": [{"mode": "managed", "type": "a", "name": "b",
            "provider": "p", "instances": [{}, {}]}]}"#;

        assert!(read(text).is_err());
    }
}
