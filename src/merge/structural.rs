//! Types of custom resources, from the `openAPIV3Schema` of their definitions.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::schema::{Merge, Scalar, Shape, Types, type_name};

/// Gives a table with the type of a custom resource in it, over the bundled one.
pub fn types(api_version: &str, kind: &str, schema: &Json) -> Types {
    let mut root = match shape(schema) {
        Shape::Struct { fields, defaults, open, .. } => {
            Shape::Struct { fields, defaults, atomic: false, open }
        }
        _ => Shape::Struct {
            fields: BTreeMap::new(),
            defaults: BTreeMap::new(),
            atomic: false,
            open: schema["x-kubernetes-preserve-unknown-fields"] == true,
        },
    };
    if let Shape::Struct { fields, .. } = &mut root {
        let metadata = Shape::Named { name: "meta.v1.ObjectMeta".into(), atomic: false };
        fields.insert("metadata".into(), metadata);
        for name in ["apiVersion", "kind"] {
            fields.insert(name.into(), Shape::Scalar(Scalar::Text));
        }
    }
    let mut types = Types::over_bundled();
    types.add(type_name(api_version, kind), root);
    types
}

fn shape(schema: &Json) -> Shape {
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let free = &schema["additionalProperties"];
    let atomic = schema["x-kubernetes-map-type"] == "atomic";
    match schema["type"].as_str() {
        Some("object") if !properties.is_empty() => {
            let fields = properties.iter().map(|(name, below)| (name.clone(), shape(below)));
            let defaults = properties.iter().filter_map(|(name, below)| {
                below.get("default").map(|default| (name.clone(), default.clone()))
            });
            let open = schema["x-kubernetes-preserve-unknown-fields"] == true
                || schema["x-kubernetes-embedded-resource"] == true;
            Shape::Struct { fields: fields.collect(), defaults: defaults.collect(), atomic, open }
        }
        Some("object") if free.is_object() => Shape::Map { of: Box::new(shape(free)), atomic },
        Some("array") => {
            let how = match schema["x-kubernetes-list-type"].as_str() {
                Some("map") => {
                    let keys = schema["x-kubernetes-list-map-keys"].as_array();
                    let keys = keys.into_iter().flatten().filter_map(Json::as_str);
                    Merge::Keys(keys.map(str::to_owned).collect())
                }
                Some("set") => Merge::Set,
                _ => Merge::Whole,
            };
            Shape::List { of: Box::new(shape(&schema["items"])), how }
        }
        Some("object") | None if schema["x-kubernetes-int-or-string"] != true => Shape::Untyped,
        _ if schema["x-kubernetes-int-or-string"] == true => Shape::Scalar(Scalar::Any),
        Some("string") => Shape::Scalar(Scalar::Text),
        Some("integer" | "number") => Shape::Scalar(Scalar::Number),
        Some("boolean") => Shape::Scalar(Scalar::Truth),
        _ => Shape::Scalar(Scalar::Any),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::apply;
    use crate::merge::managers::Writer;
    use serde_json::json;

    #[test]
    fn a_custom_resources_lists_merge_as_its_definition_says() {
        let schema = json!({ "type": "object", "properties": { "spec": { "type": "object", "properties": {
            "parts": { "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                "items": { "type": "object", "properties": { "name": { "type": "string" },
                    "size": { "type": "integer" } } } } } } } });
        let types = types("example.com/v1", "Widget", &schema);
        let of = types.known("example.com/v1", "Widget").expect("it was added");
        let widget = |parts: Json| {
            json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "w" },
                "spec": { "parts": parts } })
        };
        let first = Writer::new("one", "example.com/v1");
        let second = Writer::new("two", "example.com/v1");

        let live = apply(
            None,
            &widget(json!([{ "name": "a", "size": 1 }])),
            &first,
            false,
            of,
            &json!({}),
        );
        let wish = widget(json!([{ "name": "b", "size": 2 }]));
        let live = apply(Some(&live.unwrap()), &wish, &second, false, of, &json!({})).unwrap();

        assert_eq!(
            live["spec"]["parts"],
            json!([{ "name": "a", "size": 1 }, { "name": "b", "size": 2 }])
        );
    }
}
