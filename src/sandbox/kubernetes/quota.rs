//! Quotas: what a namespace may have in all.
//!
//! A write that would take more is refused, and what is used is noted with the write. Source: recordings of a
//! real API server (`tests/server/cases/quota.yaml`), its words included.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::quantity;
use super::resources::{self, Resource};
use super::store::{Key, Store, items, name, namespace, text};

/// An amount in billionths, and whether it is written with binary units.
pub type Amount = (i128, bool);
/// Amounts by name.
pub type Amounts = BTreeMap<String, Amount>;

const ONE: i128 = 1_000_000_000;

/// Kinds that are counted under a plain name too.
const PLAIN: [&str; 7] = [
    "pods",
    "services",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
];

/// What each container must say where a quota is held to it.
const COMPUTED: [&str; 6] =
    ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// Checks a write against the quotas of its namespace, and notes what it uses.
///
/// # Errors
/// The refusal where a quota does not allow it.
pub fn admit(
    store: &mut Store,
    resource: &Resource,
    old: Option<&Json>,
    object: &Json,
    dry_run: bool,
) -> Result<(), Failure> {
    if !resource.namespaced || (resource.kind == "Pod" && old.is_some()) {
        return Ok(());
    }
    let space = namespace(object).to_owned();
    let quotas: Vec<Json> = store.within("ResourceQuota", &space).cloned().collect();
    let quotas: Vec<&Json> =
        quotas.iter().filter(|quota| is_held(quota, resource, object)).collect();
    if quotas.is_empty() {
        return Ok(());
    }
    for quota in &quotas {
        unsaid(quota, resource, object)?;
    }
    let mut more = usage(resource, object);
    for (name, (amount, _)) in old.map(|old| usage(resource, old)).unwrap_or_default() {
        if let Some(wanted) = more.get_mut(&name) {
            wanted.0 -= amount;
        }
    }
    more.retain(|_, (amount, _)| *amount > 0);
    let mut noted = Vec::new();
    for quota in quotas {
        let hard = amounts(&quota["status"]["hard"]);
        let used = amounts(&quota["status"]["used"]);
        let mut next = used.clone();
        let mut over: Vec<&String> = Vec::new();
        for (name, wanted) in more.iter().filter(|(name, _)| hard.contains_key(*name)) {
            let sum = add(used.get(name).copied().unwrap_or_default(), *wanted);
            if sum.0 > hard[name].0 {
                over.push(name);
            }
            next.insert(name.clone(), sum);
        }
        if !over.is_empty() {
            let list = |of: &Amounts| {
                let of = |name: &&String| of.get(*name).copied().unwrap_or_default();
                let words = over.iter().map(|name| format!("{name}={}", quantity::show(of(name))));
                words.collect::<Vec<_>>().join(",")
            };
            let detail = format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                name(quota),
                list(&more),
                list(&used),
                list(&hard)
            );
            return Err(Failure::forbidden(resource, name(object), &detail));
        }
        if next != used {
            noted.push((name(quota).to_owned(), next));
        }
    }
    for (quota, used) in noted.into_iter().filter(|_| !dry_run) {
        note(store, &space, &quota, &used);
    }
    Ok(())
}

fn note(store: &mut Store, space: &str, quota: &str, used: &Amounts) {
    let key = Key::of("ResourceQuota", space, quota);
    if let Some(mut quota) = store.get(&key).cloned() {
        quota["status"]["used"] = shown(used);
        store.write(&key, quota);
    }
}

/// Writes amounts as an object has them.
pub fn shown(amounts: &Amounts) -> Json {
    amounts.iter().map(|(name, amount)| (name.clone(), json!(quantity::show(*amount)))).collect()
}

/// Reads amounts.
pub fn amounts(map: &Json) -> Amounts {
    let rows = map.as_object().into_iter().flatten();
    rows.filter_map(|(name, value)| Some((name.clone(), quantity::parse(value.as_str()?)?)))
        .collect()
}

/// Adds two amounts; nought has no unit of its own.
pub fn add(one: Amount, other: Amount) -> Amount {
    (one.0 + other.0, if one.0 == 0 { other.1 } else { one.1 })
}

/// Refuses a pod whose containers do not say what a quota counts.
fn unsaid(quota: &Json, resource: &Resource, pod: &Json) -> Result<(), Failure> {
    if resource.kind != "Pod" {
        return Ok(());
    }
    let hard = amounts(&quota["status"]["hard"]);
    let mut lacking: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for what in COMPUTED.iter().filter(|what| hard.contains_key(**what)) {
        let (part, of) = what.split_once('.').unwrap_or(("requests", what));
        for one in containers(pod) {
            if one["resources"][part].get(of).is_none() {
                lacking.entry(what).or_default().insert(text(one, "/name"));
            }
        }
    }
    if lacking.is_empty() {
        return Ok(());
    }
    let words = lacking.iter().map(|(what, of)| {
        let of: Vec<&str> = of.iter().copied().collect();
        format!("{what} for: {}", of.join(","))
    });
    let words: Vec<String> = words.collect();
    let detail = format!("failed quota: {}: must specify {}", name(quota), words.join("; "));
    Err(Failure::forbidden(resource, name(pod), &detail))
}

fn containers(pod: &Json) -> impl Iterator<Item = &Json> {
    items(pod, "/spec/containers").iter().chain(items(pod, "/spec/initContainers"))
}

/// Says whether a quota counts an object of a kind at all.
fn is_held(quota: &Json, resource: &Resource, object: &Json) -> bool {
    let plain = items(quota, "/spec/scopes").iter();
    let plain = plain.map(|scope| (scope.as_str().unwrap_or_default(), "Exists", &Json::Null));
    let rows = items(quota, "/spec/scopeSelector/matchExpressions").iter();
    let rows = rows.map(|row| (text(row, "/scopeName"), text(row, "/operator"), &row["values"]));
    plain.chain(rows).all(|(scope, operator, values)| {
        resource.kind == "Pod" && is_in_scope(object, scope, operator, values)
    })
}

fn is_in_scope(pod: &Json, scope: &str, operator: &str, values: &Json) -> bool {
    let ends = pod["spec"]["activeDeadlineSeconds"].as_i64().is_some();
    let is_bare = |part: &str| {
        containers(pod).all(|one| {
            let given = one["resources"][part].as_object();
            given.is_none_or(|given| !given.contains_key("cpu") && !given.contains_key("memory"))
        })
    };
    let class = text(pod, "/spec/priorityClassName");
    let named = || values.as_array().is_some_and(|all| all.iter().any(|one| one == class));
    match (scope, operator) {
        ("Terminating", _) => ends,
        ("NotTerminating", _) => !ends,
        ("BestEffort", _) => is_bare("requests") && is_bare("limits"),
        ("NotBestEffort", _) => !(is_bare("requests") && is_bare("limits")),
        ("PriorityClass", "In") => named(),
        ("PriorityClass", "NotIn") => !named(),
        ("PriorityClass", "DoesNotExist") => class.is_empty(),
        ("PriorityClass", _) => !class.is_empty(),
        _ => false,
    }
}

/// Gives what an object uses.
pub fn usage(resource: &Resource, object: &Json) -> Amounts {
    let mut used = Amounts::new();
    used.insert(format!("count/{}", resource.qualified()), (ONE, false));
    let plural = resource.plural;
    let over = matches!(text(object, "/status/phase"), "Succeeded" | "Failed");
    if resource.kind == "Pod" && over {
        return used;
    }
    if resource.group.is_empty() && PLAIN.contains(&plural) {
        used.insert(plural.to_owned(), (ONE, false));
    }
    match resource.kind {
        "Pod" => of_pod(object, &mut used),
        "Service" => {
            let kind = text(object, "/spec/type");
            let ports = items(object, "/spec/ports").len();
            let given = object["spec"]["allocateLoadBalancerNodePorts"] != false;
            let ports = i128::try_from(ports).unwrap_or(0) * ONE;
            if kind == "NodePort" || (kind == "LoadBalancer" && given) {
                used.insert("services.nodeports".to_owned(), (ports, false));
            }
            if kind == "LoadBalancer" {
                used.insert("services.loadbalancers".to_owned(), (ONE, false));
            }
        }
        "PersistentVolumeClaim" => {
            let size = text(object, "/spec/resources/requests/storage");
            let size = quantity::parse(size).unwrap_or_default();
            let class = text(object, "/spec/storageClassName");
            used.insert("requests.storage".to_owned(), size);
            if !class.is_empty() {
                let class = format!("{class}.storageclass.storage.k8s.io");
                used.insert(format!("{class}/requests.storage"), size);
                used.insert(format!("{class}/persistentvolumeclaims"), (ONE, false));
            }
        }
        _ => {}
    }
    used
}

fn of_pod(pod: &Json, used: &mut Amounts) {
    for part in ["requests", "limits"] {
        for (name, amount) in of_containers(pod, part) {
            if part == "requests" && ["cpu", "memory", "ephemeral-storage"].contains(&name.as_str())
            {
                used.insert(name.clone(), amount);
            }
            used.insert(format!("{part}.{name}"), amount);
        }
    }
}

/// Gives what a pod's containers ask for at once: all that run together, or one that runs before them.
pub fn of_containers(pod: &Json, part: &str) -> Amounts {
    let mut all = Amounts::new();
    for one in items(pod, "/spec/containers") {
        for (name, amount) in amounts(&one["resources"][part]) {
            let sum = add(all.get(&name).copied().unwrap_or_default(), amount);
            all.insert(name, sum);
        }
    }
    for one in items(pod, "/spec/initContainers") {
        for (name, amount) in amounts(&one["resources"][part]) {
            let most = all.entry(name).or_insert(amount);
            if amount.0 > most.0 {
                *most = amount;
            }
        }
    }
    all
}

/// Gives what all objects of a quota's namespace use of what it counts.
pub fn counted(store: &Store, quota: &Json) -> Amounts {
    let hard = amounts(&quota["spec"]["hard"]);
    let mut sum: Amounts = hard.keys().map(|name| (name.clone(), (0, false))).collect();
    let space = namespace(quota);
    let customs = store.customs.iter().copied();
    for (key, object) in store.objects.iter().filter(|(key, _)| key.namespace == space) {
        let rows = resources::RESOURCES.iter().chain(customs.clone());
        let row = rows.into_iter().find(|row| row.group == key.group && row.plural == key.plural);
        let Some(resource) = row.filter(|row| is_held(quota, row, object)) else { continue };
        for (name, amount) in usage(resource, object) {
            if let Some(so_far) = sum.get_mut(&name) {
                *so_far = add(*so_far, amount);
            }
        }
    }
    sum
}
