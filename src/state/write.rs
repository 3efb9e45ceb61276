//! A snapshot to a state file's text, member by member: neither the whole nor an attribute is copied first.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::ser::{Formatter, PrettyFormatter};
use serde_json::{Map, Value as Json};

use super::file::COMPATIBLE;
use super::flat::FLAT;
use super::{KeptOutput, Object, Snapshot};
use crate::addr::{Address, Key, Mode, module_text};
use crate::value::json::{to_json, type_to_json};
use crate::value::{Type, Value};

/// Writes a state file's text.
pub(super) fn write(snapshot: &Snapshot) -> String {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Escaped::default());
    let written = Whole(snapshot).serialize(&mut serializer);
    written.expect("what has string keys can always be written to memory");
    text.push(b'\n');
    String::from_utf8(text).expect("JSON is written as UTF-8")
}

/// Indents by two, and escapes what Go's encoder escapes.
#[derive(Default)]
struct Escaped(PrettyFormatter<'static>);

/// Gives each of these methods as the inner formatter has it.
macro_rules! inner {
    ($($name:ident($($argument:ident: $ty:ty),*);)*) => {
        $(fn $name<W: ?Sized + io::Write>(&mut self, to: &mut W $(, $argument: $ty)*) -> io::Result<()> {
            self.0.$name(to $(, $argument)*)
        })*
    };
}

impl Formatter for Escaped {
    inner! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        to: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let (before, from) = rest.split_at(at);
            to.write_all(before.as_bytes())?;
            let character = from.chars().next().unwrap_or_default();
            write!(to, "\\u{:04x}", u32::from(character))?;
            rest = &from[character.len_utf8()..];
        }
        to.write_all(rest.as_bytes())
    }
}

/// The whole file.
struct Whole<'a>(&'a Snapshot);

impl Serialize for Whole<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let snapshot = self.0;
        let written_by = match snapshot.written_by.as_str() {
            "" => COMPATIBLE,
            written_by => written_by,
        };
        let mut file = serializer.serialize_map(None)?;
        file.serialize_entry("version", &4)?;
        file.serialize_entry("terraform_version", written_by)?;
        file.serialize_entry("serial", &snapshot.serial)?;
        file.serialize_entry("lineage", &snapshot.lineage)?;
        file.serialize_entry("outputs", &Outputs(snapshot))?;
        file.serialize_entry("resources", &Resources(snapshot))?;
        file.serialize_entry("check_results", &snapshot.checks)?;
        others(&mut file, &snapshot.other.file, |_| true)?;
        file.end()
    }
}

/// Writes members that are not known here.
fn others<M: SerializeMap>(
    map: &mut M,
    others: &Map<String, Json>,
    also: impl Fn(&str) -> bool,
) -> Result<(), M::Error> {
    let mut others = others.iter().filter(|(name, _)| also(name));
    others.try_for_each(|(name, other)| map.serialize_entry(name, other))
}

struct Outputs<'a>(&'a Snapshot);

impl Serialize for Outputs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let outputs = self.0.outputs.iter();
        serializer.collect_map(
            outputs
                .map(|(name, kept)| (name, Output { kept, other: self.0.other.outputs.get(name) })),
        )
    }
}

struct Output<'a> {
    kept: &'a KeptOutput,
    other: Option<&'a Map<String, Json>>,
}

impl Serialize for Output<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut output = serializer.serialize_map(None)?;
        output.serialize_entry("value", &to_json(&self.kept.value))?;
        output.serialize_entry(
            "type",
            &type_to_json(&written_type(&self.kept.value, &self.kept.ty)),
        )?;
        if self.kept.sensitive {
            output.serialize_entry("sensitive", &true)?;
        }
        if let Some(other) = self.other {
            others(&mut output, other, |_| true)?;
        }
        output.end()
    }
}

/// The type of a value, unless one is named that says more.
pub(super) fn written_type(value: &Value, ty: &Type) -> Type {
    if *ty == Type::Any { value.ty() } else { ty.clone() }
}

struct Resources<'a>(&'a Snapshot);

impl Serialize for Resources<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let snapshot = self.0;
        let mut blocks: BTreeMap<(String, &str, &str, &str), Vec<Instance<'_>>> = BTreeMap::new();
        for (address, tracked) in &snapshot.objects {
            let mode = if address.mode == Mode::Managed { "managed" } else { "data" };
            let names = (address.type_name.as_str(), address.name.as_str());
            let block = (module_text(&address.module), mode, names.0, names.1);
            let current = tracked.current.iter().map(|object| (None, object));
            let deposed = tracked.deposed.iter().map(|(key, object)| (Some(key.as_str()), object));
            let instances = current.chain(deposed);
            let instances =
                instances.map(|(deposed, object)| Instance { address, deposed, object });
            blocks.entry(block).or_default().extend(instances);
        }
        serializer.collect_seq(blocks.into_iter().filter_map(|((module, mode, ..), instances)| {
            let first = instances.first()?;
            let other = snapshot.other.blocks.get(&first.address.block());
            Some(Resource { module, mode, instances, other })
        }))
    }
}

struct Resource<'a> {
    module: String,
    mode: &'a str,
    /// There is one at least.
    instances: Vec<Instance<'a>>,
    other: Option<&'a Map<String, Json>>,
}

impl Serialize for Resource<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let first = &self.instances[0];
        let mut resource = serializer.serialize_map(None)?;
        if !self.module.is_empty() {
            resource.serialize_entry("module", &self.module)?;
        }
        resource.serialize_entry("mode", self.mode)?;
        resource.serialize_entry("type", &first.address.type_name)?;
        resource.serialize_entry("name", &first.address.name)?;
        resource.serialize_entry("provider", &first.object.provider)?;
        resource.serialize_entry("instances", &self.instances)?;
        if let Some(other) = self.other {
            others(&mut resource, other, |_| true)?;
        }
        resource.end()
    }
}

struct Instance<'a> {
    address: &'a Address,
    deposed: Option<&'a str>,
    object: &'a Object,
}

/// Members of an instance that are not known here and have a place among the others all the same.
const IDENTITY_VERSION: &str = "identity_schema_version";

impl Serialize for Instance<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = self.object;
        let mut instance = serializer.serialize_map(None)?;
        match &self.address.key {
            None => {}
            Some(Key::Number(number)) => instance.serialize_entry("index_key", number)?,
            Some(Key::String(name)) => instance.serialize_entry("index_key", &**name)?,
        }
        if object.tainted {
            instance.serialize_entry("status", "tainted")?;
        }
        if let Some(deposed) = self.deposed {
            instance.serialize_entry("deposed", deposed)?;
        }
        instance.serialize_entry("schema_version", &object.schema_version)?;
        if !object.attributes.is_null() {
            instance.serialize_entry("attributes", &*object.attributes)?;
        }
        if let Some(flat) = object.other.get(FLAT) {
            instance.serialize_entry(FLAT, flat)?;
        }
        instance.serialize_entry("sensitive_attributes", &object.sensitive)?;
        if let Some(version) = object.other.get(IDENTITY_VERSION) {
            instance.serialize_entry(IDENTITY_VERSION, version)?;
        }
        if let Some(identity) = &object.identity {
            instance.serialize_entry("identity", identity)?;
        }
        if !object.private.is_empty() {
            instance.serialize_entry("private", &BASE64.encode(&object.private))?;
        }
        if !object.needs.is_empty() {
            let needs: BTreeSet<String> = object.needs.iter().map(Address::to_string).collect();
            instance.serialize_entry("dependencies", &needs)?;
        }
        if object.create_before_destroy {
            instance.serialize_entry("create_before_destroy", &true)?;
        }
        others(&mut instance, &object.other, |name| name != FLAT && name != IDENTITY_VERSION)?;
        instance.end()
    }
}
