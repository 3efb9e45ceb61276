//! Data sources that are no single object of a typed kind: all namespaces, nodes, the server's version, any object, many objects.
//!
//! Source: the documentation of the provider's data sources `kubernetes_all_namespaces`, `kubernetes_nodes`,
//! `kubernetes_server_version`, `kubernetes_resource` and `kubernetes_resources`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::client::Cluster;
use super::discovery::discover;
use super::manifest::{Who, sealed_data};
use crate::providers::{ApiError, ApiErrorKind};
use crate::schema::{BlockKind, Field, Given, Schema};
use crate::value::json::{from_json, from_json_as};
use crate::value::{Type, Value};

const NAMESPACES: &str = "kubernetes_all_namespaces";
const NODES: &str = "kubernetes_nodes";
const VERSION: &str = "kubernetes_server_version";
const OBJECT: &str = "kubernetes_resource";
const OBJECTS: &str = "kubernetes_resources";

/// The data sources.
pub(super) const NAMES: [&str; 5] = [NAMESPACES, NODES, VERSION, OBJECT, OBJECTS];

/// What the server tells of its version: the attribute, and the member of the answer.
const VERSIONS: [(&str, &str); 9] = [
    ("build_date", "buildDate"),
    ("compiler", "compiler"),
    ("git_commit", "gitCommit"),
    ("git_tree_state", "gitTreeState"),
    ("git_version", "gitVersion"),
    ("go_version", "goVersion"),
    ("major", "major"),
    ("minor", "minor"),
    ("platform", "platform"),
];

/// What a node tells of its machine: the attribute, and the member of `status.nodeInfo`.
const MACHINE: [(&str, &str); 10] = [
    ("architecture", "architecture"),
    ("boot_id", "bootID"),
    ("container_runtime_version", "containerRuntimeVersion"),
    ("kernel_version", "kernelVersion"),
    ("kube_proxy_version", "kubeProxyVersion"),
    ("kubelet_version", "kubeletVersion"),
    ("machine_id", "machineID"),
    ("operating_system", "operatingSystem"),
    ("os_image", "osImage"),
    ("system_uuid", "systemUUID"),
];

/// Gives the schema of a data source of this module.
pub(super) fn schema(type_name: &str) -> Schema {
    let given = |ty: Type, given: Given| Field::attribute(ty, given);
    let text = |how: Given| given(Type::String, how);
    let block = |least: usize, fields: Vec<(&str, Field)>| {
        let fields = fields.into_iter().map(|(name, field)| (name.to_string(), field)).collect();
        Field::block(BlockKind::List, least, Some(1), fields)
    };
    let fields: Vec<(&str, Field)> = match type_name {
        NAMESPACES => vec![("namespaces", given(Type::list(Type::String), Given::Service))],
        NODES => {
            let labels = given(Type::map(Type::String), Given::Optional);
            vec![
                ("metadata", block(0, vec![("labels", labels)])),
                ("nodes", given(Type::list(node()), Given::Service)),
            ]
        }
        VERSION => {
            let names = VERSIONS.iter().map(|(name, _)| *name).chain(["version"]);
            names.map(|name| (name, text(Given::Service))).collect()
        }
        OBJECT => vec![
            ("api_version", text(Given::Required)),
            ("kind", text(Given::Required)),
            (
                "metadata",
                block(
                    1,
                    vec![("name", text(Given::Required)), ("namespace", text(Given::Optional))],
                ),
            ),
            ("object", given(Type::Any, Given::OptionalOrService)),
        ],
        OBJECTS => vec![
            ("api_version", text(Given::Required)),
            ("kind", text(Given::Required)),
            ("namespace", text(Given::Optional)),
            ("field_selector", text(Given::Optional)),
            ("label_selector", text(Given::Optional)),
            ("limit", given(Type::Number, Given::Optional)),
            ("objects", given(Type::Any, Given::OptionalOrService)),
        ],
        _ => Vec::new(),
    };
    let mut fields: BTreeMap<String, Field> =
        fields.into_iter().map(|(name, field)| (name.to_string(), field)).collect();
    if [NAMESPACES, NODES, VERSION].contains(&type_name) {
        fields.insert("id".into(), text(Given::Service));
    }
    Schema { fields, ..Schema::default() }
}

/// Gives the type of one of the nodes.
fn node() -> Type {
    let (text, texts) = (Type::String, Type::map(Type::String));
    let one = |fields: Vec<(&str, Type)>| Type::list(Type::object(fields));
    let machine = MACHINE.iter().map(|(name, _)| (*name, Type::String)).collect();
    Type::object([
        (
            "metadata",
            one(vec![
                ("annotations", texts.clone()),
                ("generation", Type::Number),
                ("labels", texts.clone()),
                ("name", text.clone()),
                ("resource_version", text.clone()),
                ("uid", text.clone()),
            ]),
        ),
        (
            "spec",
            one(vec![
                ("pod_cidr", text.clone()),
                ("provider_id", text.clone()),
                (
                    "taints",
                    one(vec![
                        ("effect", text.clone()),
                        ("key", text.clone()),
                        ("value", text.clone()),
                    ]),
                ),
                ("unschedulable", Type::Bool),
            ]),
        ),
        (
            "status",
            one(vec![
                ("addresses", one(vec![("address", text.clone()), ("type", text)])),
                ("allocatable", texts.clone()),
                ("capacity", texts),
                ("node_info", one(machine)),
            ]),
        ),
    ])
}

/// Reads a data source of this module; nothing where it is none.
///
/// # Errors
/// What the cluster answers instead, and what was asked for that cannot be.
pub(super) async fn read(
    cluster: &Cluster,
    type_name: &str,
    config: &Value,
) -> Option<Result<Value, ApiError>> {
    Some(match type_name {
        NAMESPACES => namespaces(cluster, config).await,
        NODES => nodes(cluster, config).await,
        VERSION => version(cluster, config).await,
        OBJECT => object(cluster, config).await,
        OBJECTS => objects(cluster, config).await,
        _ => return None,
    })
}

async fn namespaces(cluster: &Cluster, config: &Value) -> Result<Value, ApiError> {
    let found = all(cluster, "/api/v1/namespaces", &[], None).await?;
    let names = found.iter().filter_map(|item| item["metadata"]["name"].as_str());
    let names: Vec<Value> = names.map(Value::string).collect();
    let value = config.with_field("namespaces", Value::list(Type::String, names));
    Ok(value.with_field("id", Value::string("all-namespaces")))
}

async fn nodes(cluster: &Cluster, config: &Value) -> Result<Value, ApiError> {
    let block = config.field("metadata").and_then(Value::elements).and_then(<[Value]>::first);
    let labels = block.and_then(|block| block.field("labels")).and_then(Value::fields);
    let wanted: Vec<String> = labels
        .into_iter()
        .flat_map(|labels| labels.iter())
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    let selector = [("labelSelector", wanted.join(","))];
    let found = all(cluster, "/api/v1/nodes", &selector, None).await?;
    let told: Vec<Json> = found.iter().map(told_node).collect();
    let nodes = from_json_as(&Json::Array(told), &Type::list(node()));
    let nodes = nodes.map_err(|error| {
        let detail = format!("The cluster tells of its nodes what cannot be: {}.", error.message);
        ApiError::new(ApiErrorKind::Failed, "Unreadable answer", detail)
    })?;
    Ok(config.with_field("nodes", nodes).with_field("id", Value::string("nodes")))
}

/// Gives a node in the data source's form.
fn told_node(node: &Json) -> Json {
    let (metadata, spec, status) = (&node["metadata"], &node["spec"], &node["status"]);
    let text = |value: &Json| value.as_str().unwrap_or_default().to_string();
    let taints = spec["taints"].as_array().cloned().unwrap_or_default();
    let taints = taints.iter().map(
        |taint| json!({ "effect": text(&taint["effect"]), "key": text(&taint["key"]), "value": text(&taint["value"]) }),
    );
    let addresses = status["addresses"].as_array().cloned().unwrap_or_default();
    let addresses = addresses
        .iter()
        .map(|at| json!({ "address": text(&at["address"]), "type": text(&at["type"]) }));
    let machine: Map<String, Json> = MACHINE
        .iter()
        .map(|(name, member)| (name.to_string(), text(&status["nodeInfo"][member]).into()))
        .collect();
    let or_empty = |value: &Json| if value.is_null() { json!({}) } else { value.clone() };
    json!({
        "metadata": [{
            "annotations": or_empty(&metadata["annotations"]),
            "generation": metadata["generation"].as_u64().unwrap_or(0),
            "labels": or_empty(&metadata["labels"]),
            "name": metadata["name"],
            "resource_version": metadata["resourceVersion"],
            "uid": metadata["uid"],
        }],
        "spec": [{
            "pod_cidr": text(&spec["podCIDR"]),
            "provider_id": text(&spec["providerID"]),
            "taints": taints.collect::<Vec<_>>(),
            "unschedulable": spec["unschedulable"] == true,
        }],
        "status": [{
            "addresses": addresses.collect::<Vec<_>>(),
            "allocatable": or_empty(&status["allocatable"]),
            "capacity": or_empty(&status["capacity"]),
            "node_info": [machine],
        }],
    })
}

async fn version(cluster: &Cluster, config: &Value) -> Result<Value, ApiError> {
    let found = cluster.get("/version").await.map_err(ApiError::from)?;
    let told = |member: &str| found[member].as_str().unwrap_or_default().to_string();
    let value = VERSIONS.iter().fold(config.clone(), |value, (name, member)| {
        value.with_field(name, Value::string(told(member)))
    });
    // The version by itself, as it is compared: without the letter, and without what was built into it.
    let whole = told("gitVersion");
    let bare = whole.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default();
    Ok(value
        .with_field("version", Value::string(bare))
        .with_field("id", Value::string(whole.as_str())))
}

async fn object(cluster: &Cluster, config: &Value) -> Result<Value, ApiError> {
    let block = config.field("metadata").and_then(Value::elements).and_then(<[Value]>::first);
    let text = |name: &str| block.and_then(|block| block.field(name)).and_then(Value::as_str);
    let name = text("name").unwrap_or_default().to_string();
    let namespace = text("namespace").filter(|name| !name.is_empty()).unwrap_or("default");
    let who = who(config, namespace, Some(name.clone()));
    let kind = discover(cluster, &who).await?;
    let live = cluster.get(&kind.path(namespace, &name)).await.map_err(|refusal| {
        let mut error = ApiError::from(refusal);
        if error.kind == ApiErrorKind::NotFound {
            let place = if kind.namespaced { format!("{namespace}/{name}") } else { name.clone() };
            error.detail = format!("There is no {} \"{place}\" in the cluster.", kind.kind);
        }
        error
    })?;
    Ok(config.with_field("object", whole(live)))
}

async fn objects(cluster: &Cluster, config: &Value) -> Result<Value, ApiError> {
    let text = |name: &str| config.field(name).and_then(Value::as_str).unwrap_or_default();
    let namespace = text("namespace");
    let kind = discover(cluster, &who(config, namespace, None)).await?;
    let place = match kind.namespaced && namespace.is_empty() {
        true => kind.everywhere(),
        false => kind.collection(namespace),
    };
    let selectors = [
        ("fieldSelector", text("field_selector").to_string()),
        ("labelSelector", text("label_selector").to_string()),
    ];
    let limit = config.field("limit").and_then(Value::as_i64).filter(|limit| *limit > 0);
    let mut found = all(cluster, &place, &selectors, limit).await?;
    for item in &mut found {
        // In a list, what all have in common is said once.
        item["apiVersion"] = kind.api_version.as_str().into();
        item["kind"] = kind.kind.as_str().into();
    }
    let parts: Vec<Value> = found.into_iter().map(whole).collect();
    Ok(config.with_field("objects", Value::tuple(parts)))
}

/// Gives an object as the API has it, the data of a Secret marked.
fn whole(mut live: Json) -> Value {
    if let Some(metadata) = live["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    sealed_data(&from_json(&live))
}

fn who(config: &Value, namespace: &str, name: Option<String>) -> Who {
    let text =
        |name: &str| config.field(name).and_then(Value::as_str).unwrap_or_default().to_string();
    Who { api_version: text("api_version"), kind: text("kind"), namespace: namespace.into(), name }
}

/// Lists a collection, page by page; where a limit is given, so many at most.
async fn all(
    cluster: &Cluster,
    path: &str,
    selectors: &[(&str, String)],
    limit: Option<i64>,
) -> Result<Vec<Json>, ApiError> {
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let path = page_of(path, selectors, limit, &token);
        let mut page = cluster.get(&path).await.map_err(ApiError::from)?;
        if let Some(items) = page["items"].as_array_mut() {
            found.append(items);
        }
        token = page["metadata"]["continue"].as_str().unwrap_or_default().to_string();
        if token.is_empty() || limit.is_some() {
            return Ok(found);
        }
    }
}

/// Gives the path of a page of a collection: of the first where there is no token.
fn page_of(path: &str, selectors: &[(&str, String)], limit: Option<i64>, token: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &limit.unwrap_or(500).to_string());
    for (name, selector) in selectors.iter().filter(|(_, selector)| !selector.is_empty()) {
        query.append_pair(name, selector);
    }
    if !token.is_empty() {
        query.append_pair("continue", token);
    }
    format!("{path}?{}", query.finish())
}
