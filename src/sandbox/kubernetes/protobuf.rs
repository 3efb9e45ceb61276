//! Bodies in protobuf: what newer `kubectl` sends with its imperative commands.
//!
//! Source: the field numbers of the API's published `generated.proto` files. Only the messages of
//! those commands are here; a field that is not in the table and is not empty is refused rather
//! than lost.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

/// What stands in a field.
#[derive(Clone, Copy)]
enum Form {
    /// Text; left out where it is empty.
    Text,
    /// Texts.
    Texts,
    /// A number; left out where it is nought.
    Number,
    /// A number that may be nought.
    Given,
    /// A truth value.
    Truth,
    /// A message.
    Part(&'static str),
    /// Messages.
    Parts(&'static str),
    /// Text by text.
    Map,
    /// Bytes by text.
    Bytes,
    /// A number or text.
    Either,
    /// Read over: a client says nothing with it.
    Nothing,
}

type Field = (u64, &'static str, Form);

use Form::{Bytes, Either, Given, Nothing, Number, Part, Parts, Text, Texts, Truth};

const META: Field = (1, "metadata", Part("ObjectMeta"));

const MESSAGES: &[(&str, &[Field])] = &[
    (
        "ObjectMeta",
        &[
            (1, "name", Text),
            (2, "generateName", Text),
            (3, "namespace", Text),
            (8, "creationTimestamp", Nothing),
            (11, "labels", Form::Map),
            (12, "annotations", Form::Map),
        ],
    ),
    ("Namespace", &[META, (2, "spec", Nothing), (3, "status", Nothing)]),
    (
        "Secret",
        &[
            META,
            (2, "data", Bytes),
            (3, "type", Text),
            (4, "stringData", Form::Map),
            (5, "immutable", Truth),
        ],
    ),
    (
        "ConfigMap",
        &[META, (2, "data", Form::Map), (3, "binaryData", Bytes), (4, "immutable", Truth)],
    ),
    ("ServiceAccount", &[META]),
    ("TokenRequest", &[META, (2, "spec", Part("TokenRequestSpec")), (3, "status", Nothing)]),
    ("TokenRequestSpec", &[(1, "audiences", Texts), (4, "expirationSeconds", Number)]),
    (
        "SelfSubjectAccessReview",
        &[META, (2, "spec", Part("SelfSubjectAccessReviewSpec")), (3, "status", Nothing)],
    ),
    (
        "SelfSubjectAccessReviewSpec",
        &[
            (1, "resourceAttributes", Part("ResourceAttributes")),
            (2, "nonResourceAttributes", Part("NonResourceAttributes")),
        ],
    ),
    (
        "ResourceAttributes",
        &[
            (1, "namespace", Text),
            (2, "verb", Text),
            (3, "group", Text),
            (4, "version", Text),
            (5, "resource", Text),
            (6, "subresource", Text),
            (7, "name", Text),
        ],
    ),
    ("NonResourceAttributes", &[(1, "path", Text), (2, "verb", Text)]),
    (
        "SelfSubjectRulesReview",
        &[META, (2, "spec", Part("SelfSubjectRulesReviewSpec")), (3, "status", Nothing)],
    ),
    ("SelfSubjectRulesReviewSpec", &[(1, "namespace", Text)]),
    ("SelfSubjectReview", &[META, (2, "status", Nothing)]),
    ("Eviction", &[META, (2, "deleteOptions", Part("DeleteOptions"))]),
    (
        "DeleteOptions",
        &[
            (1, "gracePeriodSeconds", Given),
            (2, "preconditions", Part("Preconditions")),
            (3, "orphanDependents", Truth),
            (4, "propagationPolicy", Text),
            (5, "dryRun", Texts),
        ],
    ),
    ("Preconditions", &[(1, "uid", Text), (2, "resourceVersion", Text)]),
    ("Deployment", &[META, (2, "spec", Part("DeploymentSpec")), (3, "status", Nothing)]),
    (
        "DeploymentSpec",
        &[
            (1, "replicas", Given),
            (2, "selector", Part("LabelSelector")),
            (3, "template", Part("PodTemplateSpec")),
            (4, "strategy", Part("DeploymentStrategy")),
        ],
    ),
    ("DeploymentStrategy", &[(1, "type", Text)]),
    ("LabelSelector", &[(1, "matchLabels", Form::Map)]),
    ("PodTemplateSpec", &[META, (2, "spec", Part("PodSpec"))]),
    (
        "PodSpec",
        &[
            (2, "containers", Parts("Container")),
            (3, "restartPolicy", Text),
            (8, "serviceAccountName", Text),
        ],
    ),
    (
        "Container",
        &[
            (1, "name", Text),
            (2, "image", Text),
            (3, "command", Texts),
            (4, "args", Texts),
            (6, "ports", Parts("ContainerPort")),
            (7, "env", Parts("EnvVar")),
            (8, "resources", Nothing),
            (14, "imagePullPolicy", Text),
        ],
    ),
    (
        "ContainerPort",
        &[
            (1, "name", Text),
            (2, "hostPort", Number),
            (3, "containerPort", Number),
            (4, "protocol", Text),
        ],
    ),
    ("EnvVar", &[(1, "name", Text), (2, "value", Text)]),
    ("Job", &[META, (2, "spec", Part("JobSpec")), (3, "status", Nothing)]),
    (
        "JobSpec",
        &[
            (1, "parallelism", Given),
            (2, "completions", Given),
            (6, "template", Part("PodTemplateSpec")),
            (7, "backoffLimit", Given),
        ],
    ),
    ("Service", &[META, (2, "spec", Part("ServiceSpec")), (3, "status", Nothing)]),
    (
        "ServiceSpec",
        &[
            (1, "ports", Parts("ServicePort")),
            (2, "selector", Form::Map),
            (3, "clusterIP", Text),
            (4, "type", Text),
            (7, "sessionAffinity", Text),
            (10, "externalName", Text),
        ],
    ),
    (
        "ServicePort",
        &[
            (1, "name", Text),
            (2, "protocol", Text),
            (3, "port", Number),
            (4, "targetPort", Either),
            (5, "nodePort", Number),
        ],
    ),
];

/// Reads a body that begins with `k8s` and a nought.
///
/// # Errors
/// What cannot be read, or is of a kind or has a field that is not in the table.
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
    let mut object = message(&kind, raw)?;
    object["apiVersion"] = json!(api_version);
    object["kind"] = json!(kind);
    Ok(object)
}

/// A field's value on the wire.
enum Wire<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

fn message(name: &str, bytes: &[u8]) -> Result<Json, String> {
    let (_, known) = MESSAGES
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| format!("the sandbox reads no {name} in protobuf; send JSON"))?;
    let mut object = Map::new();
    for (number, value) in fields(bytes)? {
        match known.iter().find(|(known, ..)| *known == number) {
            Some((_, field, form)) => put(&mut object, field, *form, &value)?,
            None if is_empty(&value) => {}
            None => {
                return Err(format!(
                    "the sandbox does not read field {number} of {name}; send JSON"
                ));
            }
        }
    }
    Ok(Json::Object(object))
}

fn put(
    object: &mut Map<String, Json>,
    field: &str,
    form: Form,
    value: &Wire<'_>,
) -> Result<(), String> {
    let mut push = |value: Json| {
        let list = object.entry(field).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(value);
        }
    };
    match (form, value) {
        (Nothing, _) => {}
        (Form::Text, Wire::Bytes(bytes)) if !bytes.is_empty() => {
            object.insert(field.to_owned(), json!(string(bytes)));
        }
        (Form::Texts, Wire::Bytes(bytes)) => push(json!(string(bytes))),
        (Parts(name), Wire::Bytes(bytes)) => push(message(name, bytes)?),
        (Part(name), Wire::Bytes(bytes)) => {
            object.insert(field.to_owned(), message(name, bytes)?);
        }
        (Given, Wire::Number(number)) => {
            object.insert(field.to_owned(), json!(number.cast_signed()));
        }
        (Number, Wire::Number(number)) if *number != 0 => {
            object.insert(field.to_owned(), json!(number.cast_signed()));
        }
        (Truth, Wire::Number(number)) => {
            object.insert(field.to_owned(), json!(*number != 0));
        }
        (Form::Map | Bytes, Wire::Bytes(bytes)) => {
            let (mut key, mut value) = (String::new(), &[][..]);
            for part in fields(bytes)? {
                match part {
                    (1, Wire::Bytes(text)) => key = string(text),
                    (2, Wire::Bytes(bytes)) => value = bytes,
                    _ => {}
                }
            }
            let text = match form {
                Bytes => STANDARD.encode(value),
                _ => string(value),
            };
            let map = object.entry(field).or_insert_with(|| json!({}));
            map[key] = json!(text);
        }
        (Either, Wire::Bytes(bytes)) => {
            let (mut is_text, mut number, mut text) = (false, 0, String::new());
            for part in fields(bytes)? {
                match part {
                    (1, Wire::Number(kind)) => is_text = kind == 1,
                    (2, Wire::Number(value)) => number = value,
                    (3, Wire::Bytes(value)) => text = string(value),
                    _ => {}
                }
            }
            if is_text {
                object.insert(field.to_owned(), json!(text));
            } else if number != 0 {
                object.insert(field.to_owned(), json!(number.cast_signed()));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Says whether a value carries nothing: a nought, an empty text, a message of such.
fn is_empty(value: &Wire<'_>) -> bool {
    match value {
        Wire::Number(number) => *number == 0,
        Wire::Bytes(bytes) => {
            bytes.is_empty()
                || fields(bytes).is_ok_and(|all| all.iter().all(|(_, value)| is_empty(value)))
        }
    }
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
                Wire::Bytes(value)
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
    fn what_is_not_in_the_table_is_refused() {
        let raw = field(9, b"something");

        assert!(read(&envelope("ConfigMap", &raw)).unwrap_err().contains("field 9 of ConfigMap"));
        assert!(read(&envelope("Pod", &raw)).unwrap_err().contains("reads no Pod"));
        assert!(read(b"k8s\0\xff").is_err());
    }
}
