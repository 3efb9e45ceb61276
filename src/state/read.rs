//! A state file's text to a snapshot.
//!
//! Resources are by far the most of it: they are entered one by one as they are read, so that the whole never stands in memory as
//! JSON. That is so where the file says first that it is of format 4, as programs write it; any other is read whole, then looked at.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use super::file::StateError;
use super::{KeptOutput, Object, Snapshot, Tracked, old};
use crate::addr::{Address, BlockName, Key, Mode, ModulePath, Target};
use crate::value::Type;
use crate::value::json::{from_json_as, type_from_json};

/// Reads a state file's text.
pub(super) fn read(text: &str) -> Result<Snapshot, StateError> {
    let text = text.trim_start_matches('\u{feff}');
    if text.starts_with("tfstate") {
        return Err(StateError::Binary);
    }
    let mut reader = Reader::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Whole(&mut reader).deserialize(&mut deserializer).and_then(|json| {
        deserializer.end()?;
        Ok(json)
    });
    let json = read.map_err(|error| match reader.wrong.take() {
        Some(wrong) => wrong,
        None => StateError::NotJson {
            line: error.line(),
            column: error.column(),
            reason: error.to_string().split(" at line ").next().unwrap_or_default().to_string(),
        },
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
    for (place, resource) in file.array("resources")?.into_iter().enumerate() {
        reader.resource(resource, &format!("resources[{place}]"))?;
    }
    let mut snapshot = Snapshot {
        written_by: file.text("terraform_version")?.unwrap_or_default(),
        serial: file.number("serial")?.unwrap_or_default(),
        lineage: file.text("lineage")?.unwrap_or_default(),
        objects: by_address(reader.objects)?,
        ..reader.snapshot
    };
    for (name, output) in file.object("outputs")? {
        read_output(&mut snapshot, &name, output)?;
    }
    snapshot.checks = file.rest.shift_remove("check_results").filter(|checks| !checks.is_null());
    snapshot.other.file = file.rest;
    Ok(snapshot)
}

/// What has been read.
#[derive(Default)]
struct Reader {
    snapshot: Snapshot,
    /// The objects as they stand there: nearly always in the order that the snapshot has.
    objects: Vec<(Address, Tracked)>,
    /// Addresses that were named as needed: most are named many times.
    needs: BTreeMap<String, Address>,
    /// What was wrong with a part.
    wrong: Option<StateError>,
}

/// The whole of a file; gives it but for resources that were entered.
struct Whole<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        struct Inner<'r>(&'r mut Reader);
        impl<'de> Visitor<'de> for Inner<'_> {
            type Value = Json;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("JSON")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut members = Map::new();
                while let Some(name) = map.next_key::<String>()? {
                    let known = members.get("version").is_some_and(|version| *version == 4);
                    if known && name == "resources" {
                        map.next_value_seed(Resources(self.0))?;
                    } else {
                        members.insert(name, map.next_value()?);
                    }
                }
                Ok(Json::Object(members))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = seq.next_element::<Json>()? {
                    parts.push(part);
                }
                Ok(Json::Array(parts))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(value.into())
            }

            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(value.into())
            }

            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(value.into())
            }

            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(value.into())
            }

            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(value.into())
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
        }
        deserializer.deserialize_any(Inner(self.0))
    }
}

/// The resources: each is entered as it is read.
struct Resources<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Resources<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Resources<'_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an array of resources")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut place = 0;
        while seq.next_element_seed(Resource(self.0, place))?.is_some() {
            place += 1;
        }
        Ok(())
    }
}

/// One resource, by its number. Its instances are entered as they are read, where what they share stands before them.
struct Resource<'r>(&'r mut Reader, usize);

impl<'de> DeserializeSeed<'de> for Resource<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Resource<'_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Resource(reader, number) = self;
        let place = format!("resources[{number}]");
        let mut members = Map::new();
        let mut block = None;
        while let Some(name) = map.next_key::<String>()? {
            let whole =
                ["mode", "type", "name", "provider"].iter().all(|it| members.contains_key(*it));
            if !(name == "instances" && whole && block.is_none()) {
                members.insert(name, map.next_value()?);
                continue;
            }
            let mut shared = Members { place: place.clone(), rest: std::mem::take(&mut members) };
            let found = Block::of(&mut shared);
            members = shared.rest;
            let found = reader.told(found)?;
            map.next_value_seed(Instances { reader: &mut *reader, block: &found, place: &place })?;
            block = Some(found);
        }
        let entered = match block {
            Some(block) => {
                reader.rest_of(&block, members);
                Ok(())
            }
            None => reader.resource(Json::Object(members), &place),
        };
        reader.told(entered)
    }
}

/// The instances of a block.
struct Instances<'r> {
    reader: &'r mut Reader,
    block: &'r Block,
    place: &'r str,
}

impl<'de> DeserializeSeed<'de> for Instances<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Instances<'_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an array of instances")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(instance) = seq.next_element::<Json>()? {
            let place = format!("{}.instances[{number}]", self.place);
            let instance = Members::of(instance, &place);
            let entered = instance.and_then(|it| self.reader.instance(self.block, it));
            self.reader.told(entered)?;
            number += 1;
        }
        Ok(())
    }
}

/// What the instances of a block share.
struct Block {
    address: Address,
    provider: String,
}

impl Block {
    fn of(resource: &mut Members) -> Result<Block, StateError> {
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
        let address = Address::from(BlockName { module, mode, type_name, name });
        Ok(Block { address, provider: resource.needed("provider")? })
    }
}

impl Reader {
    /// Keeps what is wrong with a part, and ends the reading.
    fn told<T, E: serde::de::Error>(&mut self, result: Result<T, StateError>) -> Result<T, E> {
        result.map_err(|wrong| {
            let text = wrong.to_string();
            self.wrong = Some(wrong);
            E::custom(text)
        })
    }

    fn resource(&mut self, json: Json, place: &str) -> Result<(), StateError> {
        let mut resource = Members::of(json, place)?;
        let block = Block::of(&mut resource)?;
        for (number, instance) in resource.array("instances")?.into_iter().enumerate() {
            let place = format!("{place}.instances[{number}]");
            self.instance(&block, Members::of(instance, &place)?)?;
        }
        self.rest_of(&block, resource.rest);
        Ok(())
    }

    /// Keeps the members of a block that are not known here.
    fn rest_of(&mut self, block: &Block, rest: Map<String, Json>) {
        if !rest.is_empty() {
            self.snapshot.other.blocks.insert(block.address.clone(), rest);
        }
    }

    fn instance(&mut self, block: &Block, mut instance: Members) -> Result<(), StateError> {
        let key = match instance.take("index_key") {
            None => None,
            Some(Json::String(name)) => Some(Key::String(name.into())),
            Some(number) => match number.as_u64() {
                Some(number) => Some(Key::Number(number)),
                None => return Err(instance.wrong("index_key", "a number or string is required")),
            },
        };
        let address = block.address.with_key(key);
        let deposed = instance.text("deposed")?;
        let object = self.object(&block.provider, instance)?;
        if self.objects.last().is_none_or(|(last, _)| *last != address) {
            self.objects.push((address.clone(), Tracked::default()));
        }
        let tracked = self.objects.last_mut().map(|(_, tracked)| tracked);
        let is_new = tracked.is_some_and(|tracked| match deposed {
            None => tracked.current.replace(object).is_none(),
            Some(key) => tracked.deposed.insert(key, object).is_none(),
        });
        if is_new { Ok(()) } else { Err(twice(&address)) }
    }

    fn object(&mut self, provider: &str, mut instance: Members) -> Result<Object, StateError> {
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
            let address = need
                .as_str()
                .and_then(|need| self.need(need))
                .ok_or_else(|| instance.wrong("dependencies", "a resource address is required"))?;
            needs.push(address);
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

    fn need(&mut self, text: &str) -> Option<Address> {
        if let Some(known) = self.needs.get(text) {
            return Some(known.clone());
        }
        let address: Address = text.parse().ok()?;
        self.needs.insert(text.to_string(), address.clone());
        Some(address)
    }
}

/// Gives all objects by their addresses; what stands apart of one instance is joined.
fn by_address(
    mut objects: Vec<(Address, Tracked)>,
) -> Result<BTreeMap<Address, Tracked>, StateError> {
    objects.sort_by(|(one, _), (other, _)| one.cmp(other));
    if objects.is_sorted_by(|(one, _), (other, _)| one < other) {
        return Ok(objects.into_iter().collect());
    }
    let mut joined: Vec<(Address, Tracked)> = Vec::with_capacity(objects.len());
    for (address, tracked) in objects {
        match joined.last_mut().filter(|(last, _)| *last == address) {
            None => joined.push((address, tracked)),
            Some((_, known)) => {
                let apart = (known.current.is_none() || tracked.current.is_none())
                    && tracked.deposed.keys().all(|key| !known.deposed.contains_key(key));
                if !apart {
                    return Err(twice(&address));
                }
                known.current = known.current.take().or(tracked.current);
                known.deposed.extend(tracked.deposed);
            }
        }
    }
    Ok(joined.into_iter().collect())
}

fn twice(address: &Address) -> StateError {
    StateError::Form {
        place: address.to_string(),
        reason: "the instance stands there twice".into(),
    }
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
