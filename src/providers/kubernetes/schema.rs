//! The schemas: made from the tables, and the provider block's own.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::schema::{BlockKind, Field, Given, Schema, fields_type, timeouts};
use crate::value::{Number, Type, Value};

use super::tables::{Kind, Node, Nodes, Shape};

/// Gives the schema of a resource type.
pub(super) fn resource(kind: &Kind) -> Schema {
    let mut fields = fields(&kind.nodes);
    fields.insert("id".into(), Field::attribute(Type::String, Given::Service));
    if !kind.timeouts.is_empty() {
        let names: Vec<&str> = kind.timeouts.keys().map(String::as_str).collect();
        fields.insert("timeouts".into(), timeouts(&names));
    }
    let beyond = !Arc::ptr_eq(&kind.nodes, &kind.own);
    Schema { version: kind.version, fields, beyond, ..Schema::default() }
}

/// Gives the schema of the data source of a kind: the name is given, all else is read.
pub(super) fn data(kind: &Kind) -> Schema {
    let mut fields = BTreeMap::new();
    for (name, node) in kind.own.iter() {
        // What only says how an object is made is not read; what it once gave is.
        let given_once = node.computed && !node.optional;
        if (node.api.is_none() && !given_once) || node.write_only {
            continue;
        }
        let mut field = field(node);
        if name == "metadata" {
            field = data_metadata(node);
        } else {
            field =
                Field { sensitive: node.sensitive, ..Field::attribute(field.ty, Given::Service) };
        }
        // A secret's binary keys are asked for by name.
        if name == "binary_data" {
            field.given = Given::Optional;
        }
        fields.insert(name.clone(), field);
    }
    fields.insert("id".into(), Field::attribute(Type::String, Given::Service));
    Schema { version: kind.version, fields, ..Schema::default() }
}

fn data_metadata(node: &Node) -> Field {
    let mut inside = node.block.as_deref().map(fields).unwrap_or_default();
    for (name, field) in &mut inside {
        field.replaces = false;
        match name.as_str() {
            "name" => field.given = Given::Required,
            "namespace" => {}
            "labels" | "annotations" => field.given = Given::OptionalOrService,
            _ => field.given = Given::Service,
        }
    }
    Field::block(BlockKind::List, 1, Some(1), inside)
}

/// Gives the fields of a block.
pub(super) fn fields(nodes: &Nodes) -> BTreeMap<String, Field> {
    nodes.iter().map(|(name, node)| (name.clone(), field(node))).collect()
}

fn field(node: &Node) -> Field {
    let given = match (node.required, node.optional, node.computed) {
        (true, _, _) => Given::Required,
        (false, true, true) => Given::OptionalOrService,
        (false, true, false) => Given::Optional,
        (false, false, _) => Given::Service,
    };
    let mut field = match &node.block {
        Some(block) => block_field(node, fields(block), given),
        None => Field::attribute(attribute_type(node), given),
    };
    field.replaces = node.replaces;
    field.beyond = node.beyond;
    field.sensitive = node.sensitive;
    field.write_only = node.write_only;
    field.deprecated.clone_from(&node.deprecated);
    field.default = default(node);
    field
}

fn block_field(node: &Node, inside: BTreeMap<String, Field>, given: Given) -> Field {
    let set = node.shape == Shape::Set;
    if given == Given::Service {
        let object = fields_type(&inside);
        let ty = if set { Type::set(object) } else { Type::list(object) };
        return Field::attribute(ty, given);
    }
    let kind = if set { BlockKind::Set } else { BlockKind::List };
    // What may be left out may be left out whole: the least number holds for required blocks only.
    let min = if given == Given::Required { node.min } else { 0 };
    let field = Field::block(kind, min, node.max, inside);
    Field { given, ..field }
}

/// Gives the type of an attribute that is no block.
pub(super) fn attribute_type(node: &Node) -> Type {
    let element = primitive(node.element);
    match node.shape {
        Shape::List => Type::list(element),
        Shape::Set => Type::set(element),
        Shape::Map => Type::map(element),
        other => primitive(other),
    }
}

/// Gives the type of any node, blocks too.
pub(super) fn node_type(node: &Node) -> Type {
    let Some(block) = &node.block else { return attribute_type(node) };
    let make = || {
        let object = object_type(block);
        if node.shape == Shape::Set { Type::set(object) } else { Type::list(object) }
    };
    node.ty.get_or_init(make).clone()
}

/// Gives the object type of a block's elements.
pub(super) fn object_type(nodes: &Nodes) -> Type {
    Type::object(nodes.iter().map(|(name, node)| (name.as_str(), node_type(node))))
}

fn primitive(shape: Shape) -> Type {
    match shape {
        Shape::Bool => Type::Bool,
        Shape::Number => Type::Number,
        Shape::String | Shape::List | Shape::Set | Shape::Map => Type::String,
    }
}

/// Gives what stands for a field where the configuration gives nothing.
pub(super) fn default(node: &Node) -> Option<Value> {
    use serde_json::Value as Json;
    let json = node.default.as_ref()?;
    Some(match (node.shape, json) {
        (Shape::Bool, Json::Bool(flag)) => Value::bool(*flag),
        (Shape::Number, Json::Number(number)) => Value::number(Number::parse(&number.to_string())?),
        (Shape::String, Json::String(text)) => Value::string(text),
        (Shape::String, other) => Value::string(other.to_string()),
        (Shape::List, Json::Array(parts)) => Value::list(
            Type::String,
            parts.iter().filter_map(Json::as_str).map(Value::string).collect(),
        ),
        _ => return None,
    })
}

/// Gives the schema of the provider's block.
pub(super) fn provider() -> Schema {
    let text = || Field::attribute(Type::String, Given::Optional);
    let flag = || Field::attribute(Type::Bool, Given::Optional);
    let texts = || Field::attribute(Type::list(Type::String), Given::Optional);
    let mut fields: BTreeMap<String, Field> = [
        "host",
        "username",
        "tls_server_name",
        "client_certificate",
        "cluster_ca_certificate",
        "config_path",
        "config_context",
        "config_context_auth_info",
        "config_context_cluster",
        "proxy_url",
    ]
    .into_iter()
    .map(|name| (name.to_string(), text()))
    .collect();
    for name in ["password", "client_key", "token"] {
        fields.insert(name.into(), text().sensitive());
    }
    fields.insert("insecure".into(), flag());
    for name in ["config_paths", "ignore_annotations", "ignore_labels"] {
        fields.insert(name.into(), texts());
    }
    let exec = [
        ("api_version", Field::attribute(Type::String, Given::Required)),
        ("command", Field::attribute(Type::String, Given::Required)),
        ("env", Field::attribute(Type::map(Type::String), Given::Optional)),
        ("args", texts()),
    ];
    let exec = exec.into_iter().map(|(name, field)| (name.to_string(), field)).collect();
    fields.insert("exec".into(), Field::block(BlockKind::List, 0, Some(1), exec).as_argument());
    let experiments = [("manifest_resource".to_string(), flag())].into();
    fields.insert("experiments".into(), Field::block(BlockKind::List, 0, Some(1), experiments));
    Schema { version: 0, fields, ..Schema::default() }
}
