//! Clusters: what their one object is spread over, in which order their updates go, and the default pool.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::addr::Mode;
use crate::providers::rest::change::{Concern, concerns};
use crate::providers::rest::encode::{Empty, encode};
use crate::providers::rest::hook::Hook;
use crate::providers::rest::job::Job;
use crate::providers::rest::json as members;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::spec::Part;
use crate::providers::rest::template::{first_block, text_at};
use crate::providers::rest::validate::problem;
use crate::providers::{ApiErrorKind, Failure};
use crate::value::{Path, Type, Value};

use super::inline;
use super::pool::custom_image;

/// `google_container_cluster`.
pub struct Cluster;

/// Gives the name of the lock that a cluster's changes and its pools' take.
pub fn lock_name(value: &Value, cluster: &str) -> String {
    let text = |name: &str| text_at(value, name).unwrap_or_default();
    let name = text(cluster);
    format!(
        "gke {}/{}/{}",
        text("project"),
        text("location"),
        name.rsplit('/').next().unwrap_or_default()
    )
}

/// Says whether a location is a zone: it ends in one letter.
pub fn is_zone(location: &str) -> bool {
    location.rsplit('-').next().is_some_and(|last| last.len() == 1)
}

/// Gives the region of a location.
pub fn region_of(location: &str) -> &str {
    if is_zone(location) { &location[..location.len() - 2] } else { location }
}

/// What nodes may do where the configuration says nothing of them. Without any, they could not even fetch images.
const SCOPES: &[&str] = &[
    "devstorage.read_only",
    "logging.write",
    "monitoring",
    "service.management.readonly",
    "servicecontrol",
    "trace.append",
];

fn has_no_block(value: &Value) -> bool {
    value.elements().is_none_or(<[Value]>::is_empty)
}

/// Asks for the usual scopes where there is no block `node_config`; `member` is where it stands in the object.
pub fn default_scopes(object: &mut Json, member: &str, planned: &Value) {
    if planned.field("node_config").is_none_or(has_no_block) {
        let scopes: Vec<String> =
            SCOPES.iter().map(|name| format!("https://www.googleapis.com/auth/{name}")).collect();
        members::set_dotted(object, &format!("{member}.oauthScopes"), json!(scopes));
    }
}

fn flag(value: &Value, name: &str) -> bool {
    value.field(name).and_then(Value::as_bool) == Some(true)
}

#[async_trait]
impl Hook for Cluster {
    fn plan(&self, draft: &mut Draft<'_>) {
        let written = |name: &str| draft.config.field(name).is_some_and(|value| !value.is_null());
        let Some(prior) = draft.prior else {
            if !written("networking_mode") && !written("cluster_ipv4_cidr") {
                draft.after =
                    draft.after.with_field("networking_mode", Value::string("VPC_NATIVE"));
            }
            if written("node_version") && flag(draft.config, "remove_default_node_pool") {
                let detail = "\"node_version\" cannot be given together with `remove_default_node_pool = true`.";
                let path = Path::root().attribute("node_version");
                draft.problems.push(problem(
                    &path,
                    "Conflicting configuration arguments",
                    detail.into(),
                ));
            }
            return;
        };
        for name in ["enable_l4_ilb_subsetting", "enable_fqdn_network_policy"] {
            if flag(prior, name) && draft.after.field(name).and_then(Value::as_bool) == Some(false)
            {
                draft.replaces.push(Path::root().attribute(name));
            }
        }
        let pools = |value: &Value| {
            value.field("node_pool").and_then(Value::elements).map(<[Value]>::to_vec)
        };
        let configured = pools(draft.config).is_some_and(|pools| !pools.is_empty());
        let (Some(old), Some(new)) = (pools(prior), pools(&draft.after)) else { return };
        let entry = draft.catalog.entry(Mode::Managed, inline::POOL);
        let Some(entry) = entry.filter(|_| configured && old.len() == new.len()) else { return };
        for (place, (old, new)) in old.iter().zip(&new).enumerate() {
            let path = Path::root().attribute("node_pool").place(place);
            for part in inline::lasting(&entry.spec, (prior, old), (&draft.after, new)) {
                let detail = format!(
                    "{part} of a node pool inside the cluster's block cannot be changed in place, and the cluster is not \
                     replaced for it. Write the pool as a google_container_node_pool of its own."
                );
                draft.problems.push(problem(&path, "Inline node pool changed", detail));
            }
        }
    }

    fn answered(&self, object: &mut Json, _base: Option<&Value>) {
        let location =
            object.get("location").and_then(Json::as_str).unwrap_or_default().to_string();
        if let Some(Json::Array(locations)) = object.get_mut("locations") {
            locations.retain(|zone| zone.as_str() != Some(&location));
        }
        if object.pointer("/masterAuth").is_some() {
            let issued = object.pointer("/masterAuth/clientCertificate").and_then(Json::as_str);
            let issued = issued.is_some_and(|text| !text.is_empty());
            members::set_dotted(
                object,
                "masterAuth.clientCertificateConfig.issueClientCertificate",
                issued.into(),
            );
        }
        if members::dotted(object, "releaseChannel.channel").is_none() {
            members::set_dotted(object, "releaseChannel.channel", "UNSPECIFIED".into());
        }
        let aliases =
            members::dotted(object, "ipAllocationPolicy.useIpAliases").and_then(Json::as_bool);
        if aliases == Some(true) {
            if members::dotted(object, "ipAllocationPolicy.stackType").is_none() {
                members::set_dotted(object, "ipAllocationPolicy.stackType", "IPV4".into());
            }
        } else if let Some(policy) = object.get_mut("ipAllocationPolicy") {
            *policy = json!({ "useIpAliases": false });
        }
        if let Some(Json::Object(exclusions)) =
            object.pointer_mut("/maintenancePolicy/window/maintenanceExclusions")
        {
            for exclusion in exclusions.values_mut() {
                if let Some(options) = exclusion.get_mut("maintenanceExclusionOptions")
                    && options.get("scope").is_none()
                {
                    members::set_dotted(options, "scope", "NO_UPGRADES".into());
                }
            }
        }
        if members::dotted(object, "networkConfig.dnsConfig").is_some_and(members::is_zero) {
            members::remove(object, "networkConfig.dnsConfig");
        }
        members::remove(object, "maintenancePolicy.resourceVersion");
        if object.get("maintenancePolicy").is_some_and(members::is_zero) {
            members::remove(object, "maintenancePolicy");
        }
    }

    fn decoded(&self, value: Value, object: &Json, base: Option<&Value>) -> Value {
        let mut value = value;
        let aliases =
            members::dotted(object, "ipAllocationPolicy.useIpAliases").and_then(Json::as_bool);
        if aliases != Some(true)
            && let Some(Type::List(element)) = value.field("ip_allocation_policy").map(Value::ty)
        {
            value = value.with_field("ip_allocation_policy", Value::list(*element, Vec::new()));
        }
        // The service shows the first pool's machine as the cluster's own, and all pools, other resources'
        // included: a cluster without its default pool has none of its own.
        if let Some(base) = base.filter(|base| flag(base, "remove_default_node_pool")) {
            for name in ["node_config", "node_pool"] {
                if let Some(kept) =
                    base.field(name).filter(|kept| kept.is_whole() && !kept.is_null())
                {
                    value = value.with_field(name, kept.clone());
                }
            }
        }
        if let Some(fleet) = first_block(&value, "fleet") {
            let membership = text_at(fleet, "membership").unwrap_or_default();
            let after = |mark: &str| {
                let rest = membership.split(mark).nth(1).unwrap_or_default();
                Value::string(rest.split('/').next().unwrap_or_default())
            };
            let (id, location) = (after("/memberships/"), after("/locations/"));
            let fleet =
                fleet.with_field("membership_id", id).with_field("membership_location", location);
            let ty = fleet.ty();
            value = value.with_field("fleet", Value::list(ty, vec![fleet]));
        }
        value
    }

    fn asked(&self, object: &mut Json, planned: &Value) {
        let text = |name: &str| text_at(planned, name).unwrap_or_default();
        let (project, location) = (text("project"), text("location"));
        if let Some(name) =
            object.get("subnetwork").and_then(Json::as_str).filter(|name| !name.contains('/'))
        {
            let region = region_of(&location);
            object["subnetwork"] =
                format!("projects/{project}/regions/{region}/subnetworks/{name}").into();
        }
        if is_zone(&location)
            && let Some(Json::Array(locations)) = object.get_mut("locations")
            && !locations.contains(&Json::String(location.clone()))
        {
            locations.push(location.into());
        }
        // That there are no aliases is not enough: the service has them unless it is asked for routes.
        if text("networking_mode") == "ROUTES" {
            members::set_dotted(object, "ipAllocationPolicy.useRoutes", true.into());
        }
        if members::dotted(object, "addonsConfig.gcePersistentDiskCsiDriverConfig.enabled")
            == Some(&json!(false))
        {
            members::set_dotted(
                object,
                "addonsConfig.gcePersistentDiskCsiDriverConfig.enabled",
                true.into(),
            );
        }
        if let Some(block) = members::dotted(object, "privateClusterConfig.masterIpv4CidrBlock") {
            let _ = block;
            let nodes = members::dotted(object, "networkConfig.defaultEnablePrivateNodes").cloned();
            members::set_dotted(
                object,
                "privateClusterConfig.enablePrivateNodes",
                nodes.unwrap_or(false.into()),
            );
        } else {
            members::remove(object, "privateClusterConfig");
        }
        let pools = planned.field("node_pool").and_then(Value::elements).unwrap_or_default();
        if pools.is_empty() {
            default_scopes(object, "nodeConfig", planned);
        }
        for (place, pool) in pools.iter().enumerate() {
            let Some(object) = object.pointer_mut(&format!("/nodePools/{place}")) else { continue };
            default_scopes(object, "config", pool);
            if let Some(count) = pool.field("node_count").and_then(Value::as_i64) {
                object["initialNodeCount"] = count.into();
            }
        }
        if flag(planned, "enable_autopilot") {
            for name in
                ["initialNodeCount", "nodeConfig", "networkConfig.enableIntraNodeVisibility"]
            {
                members::remove(object, name);
            }
        }
    }

    async fn create(&self, job: &Job<'_>, planned: &Value) -> Result<Value, Failure> {
        let clock = job.desk.clock();
        let located = job.session.located(job.spec, planned);
        let _one = job.session.api.lock(&lock_name(&located, "name"), &*clock).await;
        let made = job.create(planned).await?;
        job.keep(&made).await;
        finish(job, planned, &made).await
    }

    async fn resume(
        &self,
        job: &Job<'_>,
        planned: &Value,
        found: &Value,
    ) -> Result<Value, Failure> {
        let clock = job.desk.clock();
        let _one = job.session.api.lock(&lock_name(found, "name"), &*clock).await;
        finish(job, planned, found).await
    }

    async fn update(
        &self,
        job: &Job<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, Failure> {
        let until = job.until("update", planned);
        let changes = ordered(concerns(&job.spec.parts, prior, planned));
        let labels = label_change(prior, planned);
        if changes.is_empty() && labels.is_none() {
            return job.settle(planned, until).await;
        }
        let clock = job.desk.clock();
        let _one = job.session.api.lock(&lock_name(planned, "name"), &*clock).await;
        let mut found = job.rest(prior, until).await?;
        for concern in labels.into_iter().chain(changes) {
            if concern.rpc == "delete_default_node_pool" {
                if flag(planned, "remove_default_node_pool") {
                    remove_default_pool(job, planned, until).await?;
                }
                continue;
            }
            if concern.rpc == inline::CHANGE {
                inline::change(job, prior, planned, until).await?;
                found = job.rest(planned, until).await?;
                continue;
            }
            for concern in finished(concern, &found, prior, planned, job) {
                job.concern(&concern, planned, until).await?;
                found = job.rest(planned, until).await?;
            }
        }
        job.settle(planned, until).await
    }

    async fn delete(&self, job: &Job<'_>, prior: &Value) -> Result<(), Failure> {
        let clock = job.desk.clock();
        let _one = job.session.api.lock(&lock_name(prior, "name"), &*clock).await;
        let until = job.until("delete", prior);
        match job.rest(prior, until).await {
            Ok(_) => job.delete(prior).await,
            // A cluster in a bad state can be removed all the same.
            Err(error) if error.kind == ApiErrorKind::Failed => job.delete(prior).await,
            Err(_) => match job.session.get(job.spec, prior, &job.what("reading")).await? {
                Some(_) => job.delete(prior).await,
                None => Ok(()),
            },
        }
    }
}

/// Does what follows on a cluster's creation: each step may have been done already.
async fn finish(job: &Job<'_>, planned: &Value, made: &Value) -> Result<Value, Failure> {
    let until = job.until("create", planned);
    if flag(planned, "remove_default_node_pool")
        && let Err(failure) = remove_default_pool(job, made, until).await
    {
        return Err(job.failed(failure.error, made).await);
    }
    for concern in after_creation(job, planned) {
        if let Err(failure) = job.concern(&concern, made, until).await {
            return Err(job.failed(failure.error, made).await);
        }
    }
    job.settle(&with_identity(planned, made), until).await
}

/// Gives the plan with what the made object is identified by.
fn with_identity(planned: &Value, made: &Value) -> Value {
    ["id", "project", "location"].iter().fold(planned.clone(), |planned, name| {
        made.field(name)
            .cloned()
            .into_iter()
            .fold(planned, |planned, value| planned.with_field(name, value))
    })
}

async fn remove_default_pool(
    job: &Job<'_>,
    cluster: &Value,
    until: Timestamp,
) -> Result<(), Failure> {
    let Some(call) = job.spec.rpcs.get("delete_default_node_pool") else { return Ok(()) };
    let ask = job.ask(call, cluster, None, "removing the default node pool of")?;
    job.desk.note("removing the default node pool");
    match job.send(&ask, cluster, until).await {
        Ok(answer) => {
            job.wait(answer, cluster, until).await?;
            Ok(())
        }
        Err(refused) if refused.is_not_found() => Ok(()),
        Err(refused) => Err(refused.into()),
    }
}

fn concern(rpc: &str, field: &str, body: Json) -> Concern {
    Concern {
        rpc: rpc.into(),
        group: field.into(),
        body: json!({ field: body }),
        names: vec![field.into()],
    }
}

/// Gives the updates that only a cluster that exists takes.
fn after_creation(job: &Job<'_>, planned: &Value) -> Vec<Concern> {
    let whole = encode(&job.spec.parts, planned, Empty::Omitted);
    let mut found = Vec::new();
    if members::dotted(&whole, "addonsConfig.gcePersistentDiskCsiDriverConfig.enabled")
        == Some(&json!(false))
    {
        let off = json!({ "gcePersistentDiskCsiDriverConfig": { "enabled": false } });
        found.push(concern("update", "desiredAddonsConfig", off));
    }
    let all = concerns(&job.spec.parts, &emptied(planned), planned);
    let late = [
        "desiredAdditionalIpRangesConfig",
        "additionalPodRangesConfig",
        "desiredNodePoolAutoConfigLinuxNodeConfig",
    ];
    found.extend(all.into_iter().filter(|concern| late.contains(&concern.group.as_str())));
    found
}

fn emptied(value: &Value) -> Value {
    match value.fields() {
        Some(fields) => Value::object(fields.iter().map(|(name, value)| {
            let empty = match value.ty() {
                Type::List(element) => Value::list(*element, Vec::new()),
                ty => Value::null(ty),
            };
            (name.clone(), empty)
        })),
        None => value.clone(),
    }
}

fn label_change(prior: &Value, planned: &Value) -> Option<Concern> {
    let new = planned
        .field("effective_labels")
        .filter(|labels| labels.is_whole() && !labels.is_null())?;
    if prior.field("effective_labels") == Some(new) {
        return None;
    }
    Some(concern("set_resource_labels", "resourceLabels", crate::value::json::to_json(new)))
}

/// Puts updates in the order that the service needs: versions, then what is checked against them.
fn ordered(mut concerns: Vec<Concern>) -> Vec<Concern> {
    let place = |concern: &Concern| match concern.group.as_str() {
        "desiredMasterVersion" => 1,
        "desiredNodeVersion" => 2,
        "maintenancePolicy" => 3,
        _ if concern.rpc.starts_with("default_pool") => 4,
        "desiredUserManagedKeysConfig" => 5,
        _ => 0,
    };
    concerns.sort_by_key(place);
    concerns
}

/// Adds to an update what depends on the object as it stands; gives no, one or two calls.
fn finished(
    mut concern: Concern,
    found: &Json,
    prior: &Value,
    planned: &Value,
    job: &Job<'_>,
) -> Vec<Concern> {
    match concern.group.as_str() {
        "resourceLabels" if concern.rpc == "set_resource_labels" => {
            concern.body["labelFingerprint"] =
                found.get("labelFingerprint").cloned().unwrap_or_default();
        }
        "maintenancePolicy" => {
            if !concern.body["maintenancePolicy"].is_object() {
                concern.body["maintenancePolicy"] = json!({});
            }
            if let Some(version) = members::dotted(found, "maintenancePolicy.resourceVersion") {
                concern.body["maintenancePolicy"]["resourceVersion"] = version.clone();
            }
        }
        "desiredMasterVersion" => {
            let wanted = text_at(planned, "min_master_version").unwrap_or_default();
            let current =
                found.get("currentMasterVersion").and_then(Json::as_str).unwrap_or_default();
            let newer = wanted == "latest" || wanted == "-" || version(&wanted) > version(current);
            if wanted.is_empty() || !newer {
                return Vec::new();
            }
        }
        "cpe" => concern.body = endpoints(&job.spec.parts, planned),
        "additionalPodRangesConfig" => concern.body = pod_ranges(prior, planned),
        "desiredImage" => custom_image(&mut concern),
        "desiredLocations" => return locations(concern, prior, planned),
        "desiredK8sBetaApis" => {
            let old = members::dotted(found, "enableK8sBetaApis.enabledApis")
                .and_then(Json::as_array)
                .cloned();
            let old = old.unwrap_or_default();
            let wanted = concern.body.pointer_mut("/desiredK8sBetaApis/enabledApis");
            if let Some(Json::Array(apis)) = wanted {
                apis.retain(|api| !old.contains(api));
            }
        }
        _ => {}
    }
    vec![concern]
}

/// Gives the update of how the control plane is reached: its attributes stand apart and go in one call.
pub fn endpoints(parts: &[Part], planned: &Value) -> Json {
    let whole = encode(parts, planned, Empty::Sent);
    json!({ "desiredControlPlaneEndpointsConfig": whole.get("controlPlaneEndpointsConfig") })
}

/// Further ranges for pods are told by what is added and what is removed.
fn pod_ranges(prior: &Value, planned: &Value) -> Json {
    let names = |value: &Value| {
        let first = |value: &Value, name: &str| first_block(value, name).cloned();
        let ranges = first(value, "ip_allocation_policy")
            .and_then(|policy| first(&policy, "additional_pod_ranges_config"));
        let set = ranges.and_then(|ranges| ranges.field("pod_range_names").cloned());
        let set = set.as_ref().and_then(Value::elements).unwrap_or_default();
        set.iter().filter_map(Value::as_str).map(str::to_string).collect::<Vec<_>>()
    };
    let (old, new) = (names(prior), names(planned));
    let but = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|name| !those.contains(name)).cloned().collect()
    };
    let (added, removed) = (but(&new, &old), but(&old, &new));
    let mut body = json!({});
    for (member, names) in
        [("additionalPodRangesConfig", added), ("removedAdditionalPodRangesConfig", removed)]
    {
        if !names.is_empty() {
            body[member] = json!({ "podRangeNames": names });
        }
    }
    body
}

/// Zones cannot be added and removed in one call: first all of both, then only the wanted.
fn locations(concern: Concern, prior: &Value, planned: &Value) -> Vec<Concern> {
    let zones = |value: &Value| {
        let set = value.field("node_locations").and_then(Value::elements).unwrap_or_default();
        let mut zones: Vec<String> =
            set.iter().filter_map(Value::as_str).map(str::to_string).collect();
        zones.extend(text_at(value, "location").filter(|location| is_zone(location)));
        zones.sort();
        zones
    };
    let (old, new) = (zones(prior), zones(planned));
    let mut both = old.clone();
    both.extend(new.iter().filter(|zone| !old.contains(zone)).cloned());
    both.sort();
    let call = |zones: &[String]| Concern {
        body: json!({ "desiredLocations": zones }),
        ..concern.clone()
    };
    if both == new || both == old { vec![call(&new)] } else { vec![call(&both), call(&new)] }
}

/// Gives a version as numbers, for comparison.
pub fn version(text: &str) -> Vec<u64> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(version("1.10.2-gke.100") > version("1.9.7-gke.999"));
        assert!(version("1.30") < version("1.30.5-gke.1"));
    }

    #[test]
    fn a_zone_ends_in_one_letter() {
        assert!(is_zone("asia-south1-a"));
        assert_eq!(region_of("asia-south1-a"), "asia-south1");
        assert_eq!(region_of("asia-south1"), "asia-south1");
    }
}
