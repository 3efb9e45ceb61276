//! What clusters write to the audit logs of their project: each change that came over their address.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::http::{Method, Request, Response};
use crate::sandbox::ClusterName;
use crate::sandbox::store::Store;

use super::Deed;

/// Objects that hold no configuration: their changes are noise.
const SILENT: &[&str] = &[
    "events",
    "leases",
    "tokenreviews",
    "subjectaccessreviews",
    "selfsubjectaccessreviews",
    "selfsubjectrulesreviews",
    "localsubjectaccessreviews",
    "selfsubjectreviews",
    "bindings",
];

/// Writes an entry about a request that a cluster has done.
pub fn note(
    store: &mut Store,
    now: Timestamp,
    request: &Request,
    answer: &Response,
    cluster: &ClusterName,
) {
    let dry = request.query().iter().any(|(name, value)| name == "dryRun" && !value.is_empty());
    let verb = match request.method {
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => return,
    };
    let path = request.path().trim_matches('/').to_string();
    let (version, rest) = if let Some(rest) = path.strip_prefix("apis/") {
        let mut parts = rest.splitn(3, '/');
        let (Some(group), Some(version), Some(rest)) = (parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        (format!("{group}/{version}"), rest.to_string())
    } else if let Some(rest) = path.strip_prefix("api/") {
        let Some((version, rest)) = rest.split_once('/') else { return };
        (format!("core/{version}"), rest.to_string())
    } else {
        return;
    };
    let mut parts: Vec<&str> = rest.split('/').collect();
    let namespace = match parts[..] {
        ["namespaces", namespace, _, ..] => {
            let namespace = namespace.to_string();
            parts.drain(..2);
            Some(namespace)
        }
        _ => None,
    };
    let (plural, subresource) = (parts[0].to_string(), parts.get(2).map(ToString::to_string));
    if dry || SILENT.contains(&plural.as_str()) || subresource.as_deref() == Some("status") {
        return;
    }
    let made: Json = serde_json::from_slice(answer.bytes()).unwrap_or_default();
    let name = parts.get(1).map(ToString::to_string);
    let name = name.or_else(|| made["metadata"]["name"].as_str().map(str::to_string));
    let within = namespace.map(|namespace| format!("namespaces/{namespace}/")).unwrap_or_default();
    let mut resource = format!("{version}/{within}{plural}");
    if let Some(name) = name {
        resource += &format!("/{name}");
    }
    let kind = match subresource {
        Some(of) => format!("{plural}.{of}"),
        None => plural,
    };
    let deed = Deed {
        project: &cluster.project,
        service: "k8s.io",
        method: format!("io.k8s.{}.{kind}.{verb}", version.replace('/', ".")),
        resource,
        monitored: json!({
            "type": "k8s_cluster",
            "labels": { "project_id": cluster.project, "location": cluster.location, "cluster_name": cluster.cluster },
        }),
        log: "activity",
        request: serde_json::Value::Null,
    };
    super::note(store, now, request, &deed);
}
