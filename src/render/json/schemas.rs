//! The schemas of providers as JSON, in the form of `terraform providers schema -json`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::addr::Mode;
use crate::providers::Registry;
use crate::schema::{BlockKind, Field, Given, Nesting, Schema};
use crate::state::provider;
use crate::value::json::type_to_json;

/// Gives the schemas of some providers, by their sources (`hashicorp/google`), with their functions.
///
/// A source that the registry does not have is left out.
pub fn providers_schema<'a>(
    registry: &Registry,
    sources: impl IntoIterator<Item = &'a str>,
) -> Json {
    let mut all = BTreeMap::new();
    for source in sources {
        let Some(found) = registry.provider(source) else { continue };
        let mut out = Map::new();
        let own = match source.ends_with("builtin/terraform") {
            // The language's own provider cannot be configured.
            true => json!({"version": 0}),
            false => schema(&found.schema()),
        };
        out.insert("provider".into(), own);
        let kinds = [
            ("resource_schemas", Mode::Managed),
            ("data_source_schemas", Mode::Data),
            ("ephemeral_resource_schemas", Mode::Ephemeral),
        ];
        for (name, mode) in kinds {
            let types = found.type_names(mode).into_iter().filter_map(|type_name| {
                let schema = schema(found.resource(mode, &type_name)?.as_ref());
                Some((type_name, schema))
            });
            let types: BTreeMap<String, Json> = types.collect();
            if !types.is_empty() {
                out.insert(name.into(), json!(types));
            }
        }
        let functions = functions(source);
        if !functions.is_empty() {
            out.insert("functions".into(), json!(functions));
        }
        all.insert(provider::full(source), Json::Object(out));
    }
    let mut out = Map::new();
    out.insert("format_version".into(), "1.0".into());
    if !all.is_empty() {
        out.insert("provider_schemas".into(), json!(all));
    }
    Json::Object(out)
}

fn schema(schema: &Schema) -> Json {
    let mut block = block(&schema.fields);
    if schema.deprecated.is_some() {
        block.insert("deprecated".into(), true.into());
    }
    json!({"version": schema.version, "block": block})
}

fn block(fields: &BTreeMap<String, Field>) -> Map<String, Json> {
    let (mut attributes, mut blocks) = (Map::new(), Map::new());
    // What only this program knows of a type is no part of what others call its schema.
    for (name, field) in fields.iter().filter(|(_, field)| !field.beyond) {
        match &field.nesting {
            Nesting::Attribute => attributes.insert(name.clone(), attribute(field)),
            Nesting::Block(inner) => {
                let mode = match inner.kind {
                    BlockKind::Single => "single",
                    BlockKind::List => "list",
                    BlockKind::Set => "set",
                    BlockKind::Map => "map",
                };
                let mut out = Map::new();
                out.insert("nesting_mode".into(), mode.into());
                out.insert("block".into(), block(&inner.fields).into());
                // A single block is there or not; what it may be is said by its mode.
                if inner.kind != BlockKind::Single {
                    if inner.min > 0 {
                        out.insert("min_items".into(), inner.min.into());
                    }
                    if let Some(max) = inner.max {
                        out.insert("max_items".into(), max.into());
                    }
                }
                blocks.insert(name.clone(), out.into())
            }
        };
    }
    let mut out = Map::new();
    for (name, part) in [("attributes", attributes), ("block_types", blocks)] {
        if !part.is_empty() {
            out.insert(name.into(), part.into());
        }
    }
    out.insert("description_kind".into(), "plain".into());
    out
}

fn attribute(field: &Field) -> Json {
    let mut out = Map::new();
    out.insert("type".into(), type_to_json(&field.ty));
    if !field.description.is_empty() {
        out.insert("description".into(), field.description.clone().into());
    }
    out.insert("description_kind".into(), "plain".into());
    let given = field.given;
    let flags = [
        ("deprecated", field.deprecated.is_some()),
        ("required", given == Given::Required),
        ("optional", matches!(given, Given::Optional | Given::OptionalOrService)),
        ("computed", matches!(given, Given::Service | Given::OptionalOrService)),
        ("sensitive", field.sensitive),
        ("write_only", field.write_only),
    ];
    for (name, _) in flags.iter().filter(|(_, on)| *on) {
        out.insert((*name).into(), true.into());
    }
    out.into()
}

fn functions(source: &str) -> BTreeMap<String, Json> {
    let described = |function: &crate::functions::Function| {
        let parameters: Vec<Json> = function
            .parameters
            .iter()
            .map(|parameter| json!({"name": parameter.name, "type": type_to_json(&parameter.ty.ty())}))
            .collect();
        let returns = type_to_json(&function.returned());
        (function.name.to_string(), json!({"return_type": returns, "parameters": parameters}))
    };
    crate::functions::provided(source).iter().map(described).collect()
}
