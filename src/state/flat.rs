//! Attributes as old states have them: texts by dotted names, `labels.%`, `rule.0.port`.
//!
//! What the texts mean is said by the schema alone: so they are kept as they are until somebody asks who knows it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::Object;
use crate::value::Type;

/// The member of an instance that has them.
pub const FLAT: &str = "attributes_flat";

/// What stands for a value that was not known when it was written.
const UNKNOWN: &str = "74D93920-ED26-11E3-AC10-0800200C9A66";

impl Object {
    /// Gives the attributes; those of an old state are read by their type.
    pub fn attributes_as(&self, ty: &Type) -> Cow<'_, Json> {
        match self.other.get(FLAT).and_then(Json::as_object) {
            Some(flat) if self.attributes.is_null() => Cow::Owned(read(flat, ty)),
            _ => Cow::Borrowed(&self.attributes),
        }
    }

    /// Gives the id, which needs no schema.
    pub fn id(&self) -> Option<&str> {
        let flat = self.other.get(FLAT).and_then(|flat| flat.get("id"));
        self.attributes.get("id").or(flat).and_then(Json::as_str)
    }

    /// Gives the members that are not known here, but for attributes that have been read.
    pub fn carried(&self) -> Map<String, Json> {
        let mut other = self.other.clone();
        other.shift_remove(FLAT);
        other
    }
}

/// Reads attributes by the type of the whole.
fn read(flat: &Map<String, Json>, ty: &Type) -> Json {
    let Type::Object(fields) = ty else { return Json::Null };
    let parts = fields.iter().map(|(name, ty)| (name.clone(), part(flat, name, ty)));
    let mut read: Map<String, Json> = parts.collect();
    // What only an older schema had is read too: who brings attributes to the present one may ask for it.
    for full in flat.keys() {
        let (name, rest) = full.split_once('.').unwrap_or((full, ""));
        if read.contains_key(name) {
            continue;
        }
        let value = match rest {
            "" => text(flat, name).map_or(Json::Null, Json::from),
            "#" => part(flat, name, &Type::set(Type::String)),
            _ => continue,
        };
        read.insert(name.to_string(), value);
    }
    Json::Object(read)
}

/// Reads what stands at a name and below it.
fn part(flat: &Map<String, Json>, name: &str, ty: &Type) -> Json {
    match ty {
        Type::String | Type::Any => text(flat, name).map_or(Json::Null, Json::from),
        Type::Bool => match text(flat, name) {
            Some("true" | "1") => true.into(),
            Some("false" | "0") => false.into(),
            _ => Json::Null,
        },
        Type::Number => {
            let number = text(flat, name).and_then(|text| serde_json::from_str::<Json>(text).ok());
            number.filter(Json::is_number).unwrap_or(Json::Null)
        }
        Type::Object(fields) => {
            let inner = |(field, ty): (&String, &Type)| {
                (field.clone(), part(flat, &format!("{name}.{field}"), ty))
            };
            Json::Object(fields.iter().map(inner).collect())
        }
        Type::List(element) => {
            let places = 0..count(flat, name);
            places.map(|place| part(flat, &format!("{name}.{place}"), element)).collect()
        }
        Type::Tuple(elements) => {
            let parts = elements.iter().enumerate();
            parts.map(|(place, ty)| part(flat, &format!("{name}.{place}"), ty)).collect()
        }
        // The elements of a set stand under numbers of their content.
        Type::Set(element) => {
            let below = below(flat, name);
            let places: BTreeSet<&str> =
                below.filter_map(|(rest, _)| rest.split('.').next()).collect();
            let places = places.into_iter().filter(|place| !matches!(*place, "#" | "%"));
            places.map(|place| part(flat, &format!("{name}.{place}"), element)).collect()
        }
        Type::Map(element) => {
            let mut map = Map::new();
            for (key, _) in below(flat, name).filter(|(key, _)| !matches!(*key, "#" | "%")) {
                map.insert(key.to_string(), part(flat, &format!("{name}.{key}"), element));
            }
            let there = !map.is_empty()
                || ["%", "#"].iter().any(|sign| flat.contains_key(&format!("{name}.{sign}")));
            if there { Json::Object(map) } else { Json::Null }
        }
    }
}

fn text<'a>(flat: &'a Map<String, Json>, name: &str) -> Option<&'a str> {
    flat.get(name).and_then(Json::as_str).filter(|text| *text != UNKNOWN)
}

/// Gives what stands below a name, by the rest of its name.
fn below<'a>(
    flat: &'a Map<String, Json>,
    name: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Json)> {
    flat.iter()
        .filter_map(move |(full, value)| Some((full.strip_prefix(name)?.strip_prefix('.')?, value)))
}

/// Gives the length of a list; no more than there are texts below it.
fn count(flat: &Map<String, Json>, name: &str) -> usize {
    let said = text(flat, &format!("{name}.#")).and_then(|text| text.parse().ok()).unwrap_or(0);
    said.min(below(flat, name).count())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn flat(json: Json) -> Map<String, Json> {
        json.as_object().cloned().unwrap()
    }

    fn object(fields: &[(&str, Type)]) -> Type {
        let fields = fields.iter().map(|(name, ty)| ((*name).to_string(), ty.clone()));
        Type::Object(std::sync::Arc::new(fields.collect()))
    }

    #[test]
    fn each_type_reads_its_texts() {
        let rule = object(&[("port", Type::Number), ("on", Type::Bool)]);
        let ty = object(&[
            ("name", Type::String),
            ("labels", Type::map(Type::String)),
            ("rule", Type::list(rule.clone())),
            ("zones", Type::set(Type::String)),
            ("gone", Type::String),
            ("none", Type::list(Type::String)),
        ]);
        let texts = flat(json!({
            "name": "n", "labels.%": "2", "labels.a": "1", "labels.b.c": "2",
            "rule.#": "1", "rule.0.port": "80", "rule.0.on": "true",
            "zones.#": "2", "zones.17": "x", "zones.4711": "y", "gone": UNKNOWN,
        }));

        let read = read(&texts, &ty);

        let expected = json!({
            "name": "n", "labels": {"a": "1", "b.c": "2"}, "rule": [{"port": 80, "on": true}],
            "zones": ["x", "y"], "gone": null, "none": [],
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn what_only_an_older_schema_had_is_read_too() {
        let texts = flat(json!({
            "name": "n", "zone": "z", "zones.#": "2", "zones.0": "x", "zones.1": "y", "labels.%": "0",
        }));

        let read = read(&texts, &object(&[("name", Type::String)]));

        assert_eq!(read, json!({"name": "n", "zone": "z", "zones": ["x", "y"]}));
    }

    #[test]
    fn a_length_that_is_not_true_takes_no_memory() {
        let ty = object(&[("rule", Type::list(Type::String))]);

        let read = read(&flat(json!({"rule.#": "4000000000", "rule.0": "x"})), &ty);

        assert_eq!(read["rule"].as_array().map(Vec::len), Some(2));
    }
}
