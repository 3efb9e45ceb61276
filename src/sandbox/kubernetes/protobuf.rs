//! Bodies in protobuf: what newer `kubectl` sends with its imperative commands, and clients in Go do.
//!
//! Source: the numbers of the fields in the published types of Kubernetes 1.33, for every type that the
//! definitions have (`tests/oracle` prints them). What stands in a field is said by the definitions, and
//! whether it is written when it is empty by the shapes. A number that nobody knows is read over, as
//! the server does it.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::definitions;
use super::shapes;
use super::store::stamp;

static BUNDLED: &[u8] = include_bytes!("data/numbers.json.gz");

/// So deep may messages stand in each other.
const DEPTH: usize = 64;

/// By a type's name the names of its fields by number. A name after a slash is that of a type whose fields are the
/// outer one's own in JSON.
type Table = BTreeMap<String, BTreeMap<u64, String>>;

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut text = String::new();
        flate2::read::GzDecoder::new(BUNDLED)
            .read_to_string(&mut text)
            .expect("the bundled numbers are whole");
        serde_json::from_str(&text).expect("the bundled numbers are JSON")
    })
}

/// Reads a body that begins with `k8s` and a nought.
///
/// # Errors
/// What cannot be read, or is of a kind that the definitions do not have.
pub fn read(body: &[u8]) -> Result<Json, String> {
    let envelope = body.strip_prefix(b"k8s\0").ok_or("the body does not begin with k8s")?;
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    for field in fields(envelope)? {
        match field {
            (1, Wire::Bytes(types)) => {
                for part in fields(types)? {
                    match part {
                        (1, Wire::Bytes(text)) => api_version = string(text),
                        (2, Wire::Bytes(text)) => kind = string(text),
                        _ => {}
                    }
                }
            }
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let unknown = || format!("the sandbox reads no {kind} of {api_version} in protobuf; send JSON");
    let name = definitions::name_of(&api_version, &kind).ok_or_else(unknown)?;
    let definition = definitions::of(&api_version, &kind).ok_or_else(unknown)?;
    let mut object = Map::new();
    message(&mut object, Place { owner: name, name, definition, depth: DEPTH }, raw)?;
    object.insert("apiVersion".to_owned(), json!(api_version));
    object.insert("kind".to_owned(), json!(kind));
    Ok(Json::Object(object))
}

/// A field's value on the wire.
enum Wire<'b> {
    Number(u64),
    Fixed(&'b [u8]),
    Bytes(&'b [u8]),
}

/// Where a message stands.
#[derive(Clone, Copy)]
struct Place {
    /// The type whose fields are read, as it is in JSON.
    owner: &'static str,
    /// The type whose numbers are read: the owner, or one whose fields are the owner's.
    name: &'static str,
    definition: &'static Json,
    depth: usize,
}

/// Reads a message's fields into an object.
fn message(object: &mut Map<String, Json>, place: Place, bytes: &[u8]) -> Result<(), String> {
    let depth = place.depth.checked_sub(1).ok_or("the body is too deep")?;
    let Some(numbers) = table().get(place.name) else { return Ok(()) };
    for (number, value) in fields(bytes)? {
        let Some(field) = numbers.get(&number) else { continue };
        if let (Some(name), Wire::Bytes(bytes)) = (field.strip_prefix('/'), &value) {
            message(object, Place { name, depth, ..place }, bytes)?;
        } else if let Some(definition) = definitions::field(place.definition, field) {
            put(object, place.owner, field, definition, &value, depth)?;
        }
    }
    Ok(())
}

/// Puts what stands in a field into its object, unless it is empty and so not written.
fn put(
    object: &mut Map<String, Json>,
    owner: &str,
    field: &str,
    definition: &'static Json,
    wire: &Wire<'_>,
    depth: usize,
) -> Result<(), String> {
    let (name, inner) = definitions::resolve(definition);
    if let Some(item) = inner.get("items") {
        let list = object.entry(field).or_insert_with(|| json!([]));
        let value = value(item, wire, depth)?;
        if let Some(list) = list.as_array_mut() {
            list.push(value);
        }
        return Ok(());
    }
    if let (Some(below), Wire::Bytes(bytes)) = (inner.get("additionalProperties"), wire)
        && name.is_empty()
    {
        let (mut key, mut entry) = (String::new(), Wire::Bytes(&[]));
        for part in fields(bytes)? {
            match part {
                (1, Wire::Bytes(text)) => key = string(text),
                (2, value) => entry = value,
                _ => {}
            }
        }
        let map = object.entry(field).or_insert_with(|| json!({}));
        map[key] = value(below, &entry, depth)?;
        return Ok(());
    }
    let value = value(definition, wire, depth)?;
    let empty = match &value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::Bool(truth) => !truth,
        _ => false,
    };
    if value.is_null() || (empty && shapes::is_left_out(owner, field)) {
        return Ok(());
    }
    object.insert(field.to_owned(), value);
    Ok(())
}

/// Reads one value.
fn value(definition: &'static Json, wire: &Wire<'_>, depth: usize) -> Result<Json, String> {
    let (name, definition) = definitions::resolve(definition);
    let bytes = match wire {
        Wire::Bytes(bytes) => *bytes,
        Wire::Fixed(bytes) => {
            let bytes: Option<[u8; 8]> = (*bytes).try_into().ok();
            return Ok(json!(bytes.map(f64::from_le_bytes)));
        }
        Wire::Number(number) if definition["type"] == "boolean" => return Ok(json!(*number != 0)),
        Wire::Number(number) => return Ok(json!(number.cast_signed())),
    };
    if let Some(value) = special(name.rsplit('.').next().unwrap_or_default(), bytes, depth)? {
        return Ok(value);
    }
    match definition["type"].as_str() {
        Some("string") if definition["format"] == "byte" => Ok(json!(STANDARD.encode(bytes))),
        Some("string") => Ok(json!(string(bytes))),
        // Only a map's values are lists within a message of their own.
        Some("array") => {
            let texts = fields(bytes)?.into_iter().filter_map(|(number, wire)| match wire {
                Wire::Bytes(text) if number == 1 => Some(string(text)),
                _ => None,
            });
            Ok(texts.collect())
        }
        _ => {
            let mut object = Map::new();
            message(&mut object, Place { owner: name, name, definition, depth }, bytes)?;
            Ok(Json::Object(object))
        }
    }
}

/// Reads a value of one of the types that JSON writes in another way than as an object of fields.
fn special(name: &str, bytes: &[u8], depth: usize) -> Result<Option<Json>, String> {
    const SPECIAL: [&str; 10] = [
        "Quantity",
        "Time",
        "MicroTime",
        "IntOrString",
        "RawExtension",
        "FieldsV1",
        "JSON",
        "JSONSchemaPropsOrBool",
        "JSONSchemaPropsOrArray",
        "JSONSchemaPropsOrStringArray",
    ];
    if !SPECIAL.contains(&name) {
        return Ok(None);
    }
    let parts = fields(bytes)?;
    let number = |at: u64| {
        parts.iter().find_map(|(number, wire)| match wire {
            Wire::Number(value) if *number == at => Some(value.cast_signed()),
            _ => None,
        })
    };
    let all = |at: u64| {
        parts.iter().filter_map(move |(number, wire)| match wire {
            Wire::Bytes(bytes) if *number == at => Some(*bytes),
            _ => None,
        })
    };
    let text = |at: u64| all(at).next().map(string).unwrap_or_default();
    let schema = |bytes: &[u8]| {
        let name = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";
        let definition = definitions::named(name).ok_or("there is no schema of schemas")?;
        let mut object = Map::new();
        message(&mut object, Place { owner: name, name, definition, depth }, bytes)?;
        Ok::<Json, String>(Json::Object(object))
    };
    let value = match name {
        "Quantity" if text(1).is_empty() => json!("0"),
        "Quantity" => json!(text(1)),
        "Time" | "MicroTime" if bytes.is_empty() => Json::Null,
        "Time" | "MicroTime" => {
            let nanos = number(2).and_then(|nanos| i32::try_from(nanos).ok()).unwrap_or(0);
            let moment = Timestamp::new(number(1).unwrap_or(0), nanos);
            let moment = moment.map_err(|_| "a time of the body is none".to_owned())?;
            match name {
                "Time" => json!(stamp(moment)),
                _ => json!(moment.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()),
            }
        }
        "IntOrString" if number(1) == Some(1) => json!(text(3)),
        "IntOrString" => json!(number(2).unwrap_or(0)),
        "RawExtension" | "FieldsV1" | "JSON" => match all(1).next() {
            Some(raw) => serde_json::from_slice(raw).map_err(|fault| fault.to_string())?,
            None => Json::Null,
        },
        "JSONSchemaPropsOrBool" => match all(2).next() {
            Some(bytes) => schema(bytes)?,
            None => json!(number(1).unwrap_or(0) != 0),
        },
        "JSONSchemaPropsOrArray" => match all(1).next() {
            Some(bytes) => schema(bytes)?,
            None => all(2).map(schema).collect::<Result<Json, String>>()?,
        },
        _ => match all(1).next() {
            Some(bytes) => schema(bytes)?,
            None => all(2).map(string).collect(),
        },
    };
    Ok(Some(value))
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn fields(bytes: &[u8]) -> Result<Vec<(u64, Wire<'_>)>, String> {
    let broken = || "the body is no protobuf".to_owned();
    let mut found = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let tag = varint(&mut rest).ok_or_else(broken)?;
        let value = match tag & 7 {
            0 => Wire::Number(varint(&mut rest).ok_or_else(broken)?),
            2 => {
                let length = varint(&mut rest).ok_or_else(broken)?;
                let length = usize::try_from(length).map_err(|_| broken())?;
                let (value, after) = rest.split_at_checked(length).ok_or_else(broken)?;
                rest = after;
                Wire::Bytes(value)
            }
            1 | 5 => {
                let length = if tag & 7 == 1 { 8 } else { 4 };
                let (value, after) = rest.split_at_checked(length).ok_or_else(broken)?;
                rest = after;
                Wire::Fixed(value)
            }
            _ => return Err(broken()),
        };
        found.push((tag >> 3, value));
    }
    Ok(found)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut result = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
        result.extend(bytes);
        result
    }

    fn envelope(kind: &str, raw: &[u8]) -> Vec<u8> {
        let mut body = b"k8s\0".to_vec();
        body.extend(field(1, &[field(1, b"v1"), field(2, kind.as_bytes())].concat()));
        body.extend(field(2, raw));
        body
    }

    #[test]
    fn a_secret_is_read_with_its_bytes() {
        let metadata = [field(1, b"s"), field(2, b""), field(8, b"")].concat();
        let entry = [field(1, b"k"), field(2, b"x")].concat();
        let raw = [field(1, &metadata), field(2, &entry), field(3, b"Opaque")].concat();

        let object = read(&envelope("Secret", &raw)).unwrap();

        let expected = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
            "data": {"k": "eA=="}, "type": "Opaque"});
        assert_eq!(object, expected);
    }

    #[test]
    fn what_is_empty_is_left_out_where_the_type_leaves_it_out() {
        let port = [field(1, b""), vec![2 << 3, 0, 3 << 3, 80]].concat();
        let container = [field(1, b"c"), field(6, &port), field(8, b"")].concat();
        let spec = [vec![1 << 3, 0], field(3, &field(2, &field(2, &container)))].concat();

        let mut body = envelope("Deployment", &field(2, &spec));
        let core = field(1, &[field(1, b"v1"), field(2, b"Deployment")].concat());
        let apps = field(1, &[field(1, b"apps/v1"), field(2, b"Deployment")].concat());
        body.splice(4..4 + core.len(), apps);
        let object = read(&body).unwrap();

        let container = json!({"name": "c", "ports": [{"containerPort": 80}], "resources": {}});
        let expected = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "spec": {"replicas": 0, "template": {"spec": {"containers": [container]}}}});
        assert_eq!(object, expected);
    }

    #[test]
    fn what_no_definition_has_is_refused() {
        assert!(read(&envelope("Sheep", &[])).unwrap_err().contains("reads no Sheep"));
        assert!(read(b"k8s\0\xff").is_err());
    }

    #[test]
    fn a_field_of_a_later_server_is_read_over() {
        let object = read(&envelope("ConfigMap", &field(15, b"something"))).unwrap();

        assert_eq!(object, json!({"apiVersion": "v1", "kind": "ConfigMap"}));
    }
}
