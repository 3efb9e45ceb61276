//! Tables: what `kubectl get` prints.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::read::{Include, metadata_only};
use super::resources::Resource;
use super::store::{is_deleting, items, moment, name, number, text};
use super::table_more;

type Cells = fn(&Json, Timestamp) -> Vec<Json>;

/// A kind's columns (those of the wide form begin with `+`) and its cells.
const TABLES: &[(&str, &[&str], Cells)] = &[
    (
        "Pod",
        &[
            "Name",
            "Ready",
            "Status",
            "Restarts",
            "Age",
            "+IP",
            "+Node",
            "+Nominated Node",
            "+Readiness Gates",
        ],
        pod,
    ),
    (
        "Deployment",
        &["Name", "Ready", "Up-to-date", "Available", "Age", "+Containers", "+Images", "+Selector"],
        deployment,
    ),
    (
        "ReplicaSet",
        &["Name", "Desired", "Current", "Ready", "Age", "+Containers", "+Images", "+Selector"],
        replica_set,
    ),
    (
        "ReplicationController",
        &["Name", "Desired", "Current", "Ready", "Age", "+Containers", "+Images", "+Selector"],
        replica_set,
    ),
    ("StatefulSet", &["Name", "Ready", "Age", "+Containers", "+Images"], stateful_set),
    (
        "DaemonSet",
        &["Name", "Desired", "Current", "Ready", "Up-to-date", "Available", "Node Selector", "Age"],
        daemon_set,
    ),
    (
        "Service",
        &["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "+Selector"],
        service,
    ),
    ("Ingress", &["Name", "Class", "Hosts", "Address", "Ports", "Age"], ingress),
    (
        "Job",
        &[
            "Name",
            "Status",
            "Completions",
            "Duration",
            "Age",
            "+Containers",
            "+Images",
            "+Selector",
        ],
        job,
    ),
    (
        "CronJob",
        &["Name", "Schedule", "Timezone", "Suspend", "Active", "Last Schedule", "Age"],
        cron_job,
    ),
    (
        "PersistentVolumeClaim",
        &[
            "Name",
            "Status",
            "Volume",
            "Capacity",
            "Access Modes",
            "StorageClass",
            "VolumeAttributesClass",
            "Age",
            "+VolumeMode",
        ],
        claim,
    ),
    (
        "PersistentVolume",
        &[
            "Name",
            "Capacity",
            "Access Modes",
            "Reclaim Policy",
            "Status",
            "Claim",
            "StorageClass",
            "VolumeAttributesClass",
            "Reason",
            "Age",
            "+VolumeMode",
        ],
        volume,
    ),
    (
        "StorageClass",
        &[
            "Name",
            "Provisioner",
            "ReclaimPolicy",
            "VolumeBindingMode",
            "AllowVolumeExpansion",
            "Age",
        ],
        class,
    ),
    ("Namespace", &["Name", "Status", "Age"], namespace),
    ("Secret", &["Name", "Type", "Data", "Age"], secret),
    ("ConfigMap", &["Name", "Data", "Age"], config_map),
    ("Node", &["Name", "Status", "Roles", "Age", "Version", "+Internal-IP"], node),
    ("Event", &["Last Seen", "Type", "Reason", "Object", "Message"], event),
    (
        "HorizontalPodAutoscaler",
        &["Name", "Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"],
        autoscaler,
    ),
    ("EndpointSlice", &["Name", "AddressType", "Ports", "Endpoints", "Age"], slice),
    ("Endpoints", &["Name", "Endpoints", "Age"], endpoints),
    ("NetworkPolicy", &["Name", "Pod-Selector", "Age"], table_more::network_policy),
    ("ResourceQuota", &["Name", "Request", "Limit", "Age"], table_more::quota),
    ("Role", &["Name", "Created At:date"], table_more::role),
    ("ClusterRole", &["Name", "Created At:date"], table_more::role),
    (
        "RoleBinding",
        &["Name", "Role", "Age", "+Users", "+Groups", "+ServiceAccounts"],
        table_more::role_binding,
    ),
    (
        "ClusterRoleBinding",
        &["Name", "Role", "Age", "+Users", "+Groups", "+ServiceAccounts"],
        table_more::role_binding,
    ),
    (
        "PodDisruptionBudget",
        &["Name", "Min Available", "Max Unavailable", "Allowed Disruptions:integer", "Age"],
        table_more::budget,
    ),
    ("ServiceAccount", &["Name", "Secrets", "Age"], table_more::account),
];

/// Makes a table of objects.
pub fn table(
    resource: &Resource,
    objects: &[&Json],
    include: Include,
    metadata: Json,
    now: Timestamp,
    version: &str,
) -> Json {
    let found = TABLES.iter().find(|(kind, ..)| *kind == resource.kind);
    let (columns, cells): (&[&str], Cells) = match found {
        Some((_, columns, cells)) => (columns, *cells),
        None => (&["Name", "Age"], |object, now| vec![json!(name(object)), age(object, now)]),
    };
    let columns: Vec<Json> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let format = if at == 0 && *column == "Name" { "name" } else { "" };
            let (column, kind) = column.split_once(':').unwrap_or((column, "string"));
            json!({"name": column.trim_start_matches('+'), "type": kind, "format": format,
                "description": "", "priority": i32::from(column.starts_with('+'))})
        })
        .collect();
    let rows: Vec<Json> = objects
        .iter()
        .map(|object| {
            let inner = match include {
                Include::Nothing => Json::Null,
                Include::Metadata => metadata_only(object),
                Include::Object => (*object).clone(),
            };
            json!({"cells": cells(object, now), "object": inner})
        })
        .collect();
    json!({"kind": "Table", "apiVersion": format!("meta.k8s.io/{version}"), "metadata": metadata,
        "columnDefinitions": columns, "rows": rows})
}

pub(super) fn age(object: &Json, now: Timestamp) -> Json {
    since(object, "/metadata/creationTimestamp", now)
}

fn since(object: &Json, pointer: &str, now: Timestamp) -> Json {
    match moment(object, pointer) {
        Some(then) => json!(duration(now.duration_since(then).as_secs())),
        None => json!("<unknown>"),
    }
}

/// Says a length of time as short as `kubectl` does.
pub fn duration(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    let both = |big: i64, unit: char, small: i64, lesser: char| match small {
        0 => format!("{big}{unit}"),
        _ => format!("{big}{unit}{small}{lesser}"),
    };
    match seconds {
        i64::MIN..0 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => both(minutes, 'm', seconds % 60, 's'),
        600..10800 => format!("{minutes}m"),
        10800..28800 => both(hours, 'h', minutes % 60, 'm'),
        28800..172_800 => format!("{hours}h"),
        172_800..691_200 => both(days, 'd', hours % 24, 'h'),
        _ => format!("{days}d"),
    }
}

pub(super) fn count(object: &Json, pointer: &str) -> i64 {
    number(object, pointer).unwrap_or(0)
}

pub(super) fn or_none(text: &str) -> Json {
    json!(if text.is_empty() { "<none>" } else { text })
}

pub(super) fn labels(map: &Json) -> String {
    let parts: Vec<String> = map
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    parts.join(",")
}

fn images(object: &Json) -> [Json; 2] {
    let containers = items(object, "/spec/template/spec/containers");
    let join = |field: &str| {
        let words: Vec<&str> = containers.iter().map(|one| text(one, field)).collect();
        json!(words.join(","))
    };
    [join("/name"), join("/image")]
}

/// Says a pod's state in one word.
pub fn pod_word(pod: &Json) -> String {
    let mut word = text(pod, "/status/phase").to_owned();
    if !text(pod, "/status/reason").is_empty() {
        word = text(pod, "/status/reason").to_owned();
    }
    for status in items(pod, "/status/containerStatuses") {
        let waiting = text(status, "/state/waiting/reason");
        let ended = text(status, "/state/terminated/reason");
        if !waiting.is_empty() {
            word = waiting.to_owned();
        } else if !ended.is_empty() {
            word = ended.to_owned();
        }
    }
    if is_deleting(pod) { "Terminating".to_owned() } else { word }
}

fn pod(object: &Json, now: Timestamp) -> Vec<Json> {
    let statuses = items(object, "/status/containerStatuses");
    let ready = statuses.iter().filter(|status| status["ready"] == true).count();
    let restarts: i64 = statuses.iter().map(|status| count(status, "/restartCount")).sum();
    let all = items(object, "/spec/containers").len();
    vec![
        json!(name(object)),
        json!(format!("{ready}/{all}")),
        json!(pod_word(object)),
        json!(restarts.to_string()),
        age(object, now),
        or_none(text(object, "/status/podIP")),
        or_none(text(object, "/spec/nodeName")),
        json!("<none>"),
        json!("<none>"),
    ]
}

fn deployment(object: &Json, now: Timestamp) -> Vec<Json> {
    let [containers, images] = images(object);
    vec![
        json!(name(object)),
        json!(format!(
            "{}/{}",
            count(object, "/status/readyReplicas"),
            count(object, "/spec/replicas")
        )),
        json!(count(object, "/status/updatedReplicas")),
        json!(count(object, "/status/availableReplicas")),
        age(object, now),
        containers,
        images,
        json!(labels(&object["spec"]["selector"]["matchLabels"])),
    ]
}

fn replica_set(object: &Json, now: Timestamp) -> Vec<Json> {
    let [containers, images] = images(object);
    let selector = &object["spec"]["selector"];
    // That of a ReplicationController is a map of labels.
    let chosen =
        if object["kind"] == "ReplicationController" { selector } else { &selector["matchLabels"] };
    vec![
        json!(name(object)),
        json!(count(object, "/spec/replicas")),
        json!(count(object, "/status/replicas")),
        json!(count(object, "/status/readyReplicas")),
        age(object, now),
        containers,
        images,
        json!(labels(chosen)),
    ]
}

fn stateful_set(object: &Json, now: Timestamp) -> Vec<Json> {
    let [containers, images] = images(object);
    let ready = count(object, "/status/readyReplicas");
    vec![
        json!(name(object)),
        json!(format!("{ready}/{}", count(object, "/spec/replicas"))),
        age(object, now),
        containers,
        images,
    ]
}

fn daemon_set(object: &Json, now: Timestamp) -> Vec<Json> {
    let status = |field: &str| json!(count(object, &format!("/status/{field}")));
    vec![
        json!(name(object)),
        status("desiredNumberScheduled"),
        status("currentNumberScheduled"),
        status("numberReady"),
        status("updatedNumberScheduled"),
        status("numberAvailable"),
        or_none(&labels(&object["spec"]["template"]["spec"]["nodeSelector"])),
        age(object, now),
    ]
}

fn service(object: &Json, now: Timestamp) -> Vec<Json> {
    let kind = text(object, "/spec/type");
    let outside = match kind {
        "LoadBalancer" => match text(object, "/status/loadBalancer/ingress/0/ip") {
            "" => "<pending>",
            address => address,
        },
        "ExternalName" => text(object, "/spec/externalName"),
        _ => "<none>",
    };
    let ports: Vec<String> = items(object, "/spec/ports")
        .iter()
        .map(|port| {
            let node = match count(port, "/nodePort") {
                0 => String::new(),
                node => format!(":{node}"),
            };
            format!("{}{node}/{}", count(port, "/port"), text(port, "/protocol"))
        })
        .collect();
    vec![
        json!(name(object)),
        json!(kind),
        or_none(text(object, "/spec/clusterIP")),
        json!(outside),
        or_none(&ports.join(",")),
        age(object, now),
        or_none(&labels(&object["spec"]["selector"])),
    ]
}

fn ingress(object: &Json, now: Timestamp) -> Vec<Json> {
    let hosts: Vec<&str> = items(object, "/spec/rules")
        .iter()
        .map(|rule| text(rule, "/host"))
        .filter(|host| !host.is_empty())
        .collect();
    let addresses: Vec<&str> =
        items(object, "/status/loadBalancer/ingress").iter().map(|one| text(one, "/ip")).collect();
    let ports = if items(object, "/spec/tls").is_empty() { "80" } else { "80, 443" };
    vec![
        json!(name(object)),
        or_none(text(object, "/spec/ingressClassName")),
        json!(if hosts.is_empty() { "*".to_owned() } else { hosts.join(",") }),
        json!(addresses.join(",")),
        json!(ports),
        age(object, now),
    ]
}

fn condition<'o>(object: &'o Json, kind: &str) -> &'o str {
    items(object, "/status/conditions")
        .iter()
        .find(|one| one["type"] == kind)
        .map_or("", |one| text(one, "/status"))
}

fn job(object: &Json, now: Timestamp) -> Vec<Json> {
    let status = if condition(object, "Complete") == "True" {
        "Complete"
    } else if condition(object, "Failed") == "True" {
        "Failed"
    } else if is_deleting(object) {
        "Terminating"
    } else if condition(object, "Suspended") == "True" {
        "Suspended"
    } else {
        "Running"
    };
    let end = moment(object, "/status/completionTime").unwrap_or(now);
    let length = match moment(object, "/status/startTime") {
        Some(start) => duration(end.duration_since(start).as_secs()),
        None => String::new(),
    };
    let done = count(object, "/status/succeeded");
    let [containers, images] = images(object);
    vec![
        json!(name(object)),
        json!(status),
        json!(format!("{done}/{}", number(object, "/spec/completions").unwrap_or(1))),
        json!(length),
        age(object, now),
        containers,
        images,
        json!(labels(&object["spec"]["selector"]["matchLabels"])),
    ]
}

fn cron_job(object: &Json, now: Timestamp) -> Vec<Json> {
    let last = match text(object, "/status/lastScheduleTime") {
        "" => json!("<none>"),
        _ => since(object, "/status/lastScheduleTime", now),
    };
    vec![
        json!(name(object)),
        json!(text(object, "/spec/schedule")),
        or_none(text(object, "/spec/timeZone")),
        json!(if object["spec"]["suspend"] == true { "True" } else { "False" }),
        json!(items(object, "/status/active").len()),
        last,
        age(object, now),
    ]
}

fn modes(object: &Json, pointer: &str) -> Json {
    let words: Vec<&str> = items(object, pointer)
        .iter()
        .map(|mode| match mode.as_str() {
            Some("ReadWriteOnce") => "RWO",
            Some("ReadOnlyMany") => "ROX",
            Some("ReadWriteMany") => "RWX",
            _ => "RWOP",
        })
        .collect();
    json!(words.join(","))
}

fn claim(object: &Json, now: Timestamp) -> Vec<Json> {
    vec![
        json!(name(object)),
        json!(if is_deleting(object) { "Terminating" } else { text(object, "/status/phase") }),
        json!(text(object, "/spec/volumeName")),
        json!(text(object, "/status/capacity/storage")),
        modes(object, "/status/accessModes"),
        json!(text(object, "/spec/storageClassName")),
        json!("<unset>"),
        age(object, now),
        json!(text(object, "/spec/volumeMode")),
    ]
}

fn volume(object: &Json, now: Timestamp) -> Vec<Json> {
    let claim = match text(object, "/spec/claimRef/name") {
        "" => String::new(),
        name => format!("{}/{name}", text(object, "/spec/claimRef/namespace")),
    };
    vec![
        json!(name(object)),
        json!(text(object, "/spec/capacity/storage")),
        modes(object, "/spec/accessModes"),
        json!(text(object, "/spec/persistentVolumeReclaimPolicy")),
        json!(text(object, "/status/phase")),
        json!(claim),
        json!(text(object, "/spec/storageClassName")),
        json!("<unset>"),
        json!(text(object, "/status/reason")),
        age(object, now),
        json!(text(object, "/spec/volumeMode")),
    ]
}

fn class(object: &Json, now: Timestamp) -> Vec<Json> {
    let mark = "/metadata/annotations/storageclass.kubernetes.io~1is-default-class";
    let suffix = if text(object, mark) == "true" { " (default)" } else { "" };
    vec![
        json!(format!("{}{suffix}", name(object))),
        json!(text(object, "/provisioner")),
        json!(text(object, "/reclaimPolicy")),
        json!(text(object, "/volumeBindingMode")),
        json!(object["allowVolumeExpansion"] == true),
        age(object, now),
    ]
}

fn namespace(object: &Json, now: Timestamp) -> Vec<Json> {
    vec![json!(name(object)), json!(text(object, "/status/phase")), age(object, now)]
}

fn size(object: &Json, maps: &[&str]) -> Json {
    json!(
        maps.iter()
            .filter_map(|map| object[*map].as_object())
            .map(serde_json::Map::len)
            .sum::<usize>()
    )
}

fn secret(object: &Json, now: Timestamp) -> Vec<Json> {
    let kind = json!(text(object, "/type"));
    vec![json!(name(object)), kind, size(object, &["data"]), age(object, now)]
}

fn config_map(object: &Json, now: Timestamp) -> Vec<Json> {
    vec![json!(name(object)), size(object, &["data", "binaryData"]), age(object, now)]
}

fn node(object: &Json, now: Timestamp) -> Vec<Json> {
    let ready = if condition(object, "Ready") == "True" { "Ready" } else { "NotReady" };
    vec![
        json!(name(object)),
        json!(ready),
        json!("<none>"),
        age(object, now),
        json!(text(object, "/status/nodeInfo/kubeletVersion")),
        json!(text(object, "/status/addresses/0/address")),
    ]
}

fn event(object: &Json, now: Timestamp) -> Vec<Json> {
    let about = format!(
        "{}/{}",
        text(object, "/involvedObject/kind").to_lowercase(),
        text(object, "/involvedObject/name")
    );
    vec![
        since(object, "/lastTimestamp", now),
        json!(text(object, "/type")),
        json!(text(object, "/reason")),
        json!(about),
        json!(text(object, "/message")),
    ]
}

fn autoscaler(object: &Json, now: Timestamp) -> Vec<Json> {
    let target = "/spec/scaleTargetRef";
    vec![
        json!(name(object)),
        json!(format!(
            "{}/{}",
            text(object, &format!("{target}/kind")),
            text(object, &format!("{target}/name"))
        )),
        json!(targets(object)),
        json!(count(object, "/spec/minReplicas").to_string()),
        json!(count(object, "/spec/maxReplicas")),
        json!(count(object, "/status/currentReplicas")),
        age(object, now),
    ]
}

/// Says what an autoscaler aims at; nobody measures here.
fn targets(object: &Json) -> String {
    let rows = items(object, "/spec/metrics").iter().filter_map(|metric| {
        let wanted = number(metric, "/resource/target/averageUtilization")?;
        Some(format!("{}: <unknown>/{wanted}%", text(metric, "/resource/name")))
    });
    let rows: Vec<String> = rows.collect();
    if rows.is_empty() { "<unknown>".to_owned() } else { rows.join(", ") }
}

fn slice(object: &Json, now: Timestamp) -> Vec<Json> {
    let ports: Vec<String> =
        items(object, "/ports").iter().map(|port| count(port, "/port").to_string()).collect();
    let addresses: Vec<&str> =
        items(object, "/endpoints").iter().map(|one| text(one, "/addresses/0")).collect();
    vec![
        json!(name(object)),
        json!(text(object, "/addressType")),
        json!(ports.join(",")),
        json!(addresses.join(",")),
        age(object, now),
    ]
}

fn endpoints(object: &Json, now: Timestamp) -> Vec<Json> {
    let port = count(object, "/subsets/0/ports/0/port");
    let addresses: Vec<String> = items(object, "/subsets/0/addresses")
        .iter()
        .map(|one| format!("{}:{port}", text(one, "/ip")))
        .collect();
    vec![json!(name(object)), or_none(&addresses.join(",")), age(object, now)]
}
