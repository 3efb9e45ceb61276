//! What the server fills into a pod's specification, and into a pod itself when it is made.

use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::resources::Resource;
use super::store::{Store, items, text};

/// Sets a field where it is not there.
pub fn put(object: &mut Json, name: &str, value: Json) {
    if !object.is_object() {
        *object = json!({});
    }
    if let Some(object) = object.as_object_mut() {
        match object.get(name) {
            Some(there) if !there.is_null() => {}
            _ => {
                object.insert(name.to_owned(), value);
            }
        }
    }
}

/// Fills in a pod's specification, in a template or in a pod.
pub fn pod_spec(spec: &mut Json) {
    put(spec, "restartPolicy", json!("Always"));
    put(spec, "terminationGracePeriodSeconds", json!(30));
    if spec["terminationGracePeriodSeconds"].as_i64().is_some_and(|seconds| seconds < 0) {
        spec["terminationGracePeriodSeconds"] = json!(1);
    }
    put(spec, "dnsPolicy", json!("ClusterFirst"));
    put(spec, "securityContext", json!({}));
    put(spec, "schedulerName", json!("default-scheduler"));
    let account = text(spec, "/serviceAccountName").to_owned();
    if !account.is_empty() {
        put(spec, "serviceAccount", json!(account));
    } else if let Some(old) = spec.get("serviceAccount").cloned() {
        put(spec, "serviceAccountName", old);
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for one in spec.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten() {
            container(one);
        }
    }
    for one in spec.get_mut("volumes").and_then(Json::as_array_mut).into_iter().flatten() {
        volume(one);
    }
    if spec["hostNetwork"] == true {
        for one in spec.get_mut("containers").and_then(Json::as_array_mut).into_iter().flatten() {
            for port in one.get_mut("ports").and_then(Json::as_array_mut).into_iter().flatten() {
                let number = port["containerPort"].clone();
                put(port, "hostPort", number);
            }
        }
    }
    if let Some(spec) = spec.as_object_mut() {
        spec.retain(|_, below| !below.is_null());
    }
}

fn container(container: &mut Json) {
    let image = text(container, "/image").to_owned();
    let tag = image.rsplit('/').next().unwrap_or_default();
    let tag = tag.split_once('@').map_or(tag, |(tag, _)| tag);
    let policy = match tag.split_once(':') {
        None if image.contains('@') => "IfNotPresent",
        None | Some((_, "latest")) => "Always",
        Some(_) => "IfNotPresent",
    };
    put(container, "imagePullPolicy", json!(policy));
    put(container, "terminationMessagePath", json!("/dev/termination-log"));
    put(container, "terminationMessagePolicy", json!("File"));
    put(container, "resources", json!({}));
    for port in container.get_mut("ports").and_then(Json::as_array_mut).into_iter().flatten() {
        put(port, "protocol", json!("TCP"));
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = container.get_mut(probe).filter(|probe| probe.is_object()) else {
            continue;
        };
        put(probe, "timeoutSeconds", json!(1));
        put(probe, "periodSeconds", json!(10));
        put(probe, "successThreshold", json!(1));
        put(probe, "failureThreshold", json!(3));
        deed(probe);
    }
    for hook in ["postStart", "preStop"] {
        if let Some(hook) = container.pointer_mut(&format!("/lifecycle/{hook}")) {
            deed(hook);
        }
    }
    for variable in container.get_mut("env").and_then(Json::as_array_mut).into_iter().flatten() {
        field_reference(variable.pointer_mut("/valueFrom/fieldRef"));
        if let Some(resource) = variable.pointer_mut("/valueFrom/resourceFieldRef") {
            put(resource, "divisor", json!("0"));
        }
    }
}

fn deed(deed: &mut Json) {
    if let Some(get) = deed.get_mut("httpGet").filter(|get| get.is_object()) {
        put(get, "path", json!("/"));
        put(get, "scheme", json!("HTTP"));
    }
    if let Some(grpc) = deed.get_mut("grpc").filter(|grpc| grpc.is_object()) {
        put(grpc, "service", json!(""));
    }
}

fn field_reference(reference: Option<&mut Json>) {
    if let Some(reference) = reference {
        put(reference, "apiVersion", json!("v1"));
    }
}

fn volume(volume: &mut Json) {
    if volume.as_object().is_some_and(|volume| volume.keys().all(|key| key == "name")) {
        volume["emptyDir"] = json!({});
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        let Some(source) = volume.get_mut(source).filter(|source| source.is_object()) else {
            continue;
        };
        put(source, "defaultMode", json!(420));
        for item in source.get_mut("items").and_then(Json::as_array_mut).into_iter().flatten() {
            field_reference(item.get_mut("fieldRef"));
        }
        for one in source.get_mut("sources").and_then(Json::as_array_mut).into_iter().flatten() {
            if let Some(token) = one.get_mut("serviceAccountToken") {
                put(token, "expirationSeconds", json!(3600));
            }
            let fields = one.pointer_mut("/downwardAPI/items").and_then(Json::as_array_mut);
            for item in fields.into_iter().flatten() {
                field_reference(item.get_mut("fieldRef"));
            }
        }
    }
    if let Some(path) = volume.get_mut("hostPath").filter(|path| path.is_object()) {
        put(path, "type", json!(""));
    }
    if let Some(spec) = volume.pointer_mut("/ephemeral/volumeClaimTemplate/spec") {
        put(spec, "volumeMode", json!("Filesystem"));
    }
}

/// Says whether what a pod names is there: its account and its priority class.
///
/// # Errors
/// What is not there.
pub fn may_run(store: &Store, resource: &Resource, pod: &Json) -> Result<(), Failure> {
    let (namespace, own) = (text(pod, "/metadata/namespace"), text(pod, "/metadata/name"));
    let account = text(pod, "/spec/serviceAccountName");
    let class = text(pod, "/spec/priorityClassName");
    if !class.is_empty() && store.find("PriorityClass", "", class).is_none() {
        let detail = format!("no PriorityClass with name {class} was found");
        return Err(Failure::forbidden(resource, own, &detail));
    }
    if !account.is_empty() && store.find("ServiceAccount", namespace, account).is_none() {
        let detail = format!(
            "error looking up service account {namespace}/{account}: serviceaccount \"{account}\" \
             not found"
        );
        return Err(Failure::forbidden(resource, own, &detail));
    }
    Ok(())
}

/// What admission adds to a pod that is made: account, token, tolerations, priority.
pub fn admit_pod(store: &mut Store, pod: &mut Json) {
    let namespace = text(pod, "/metadata/namespace").to_owned();
    let spec = &mut pod["spec"];
    put(spec, "serviceAccountName", json!("default"));
    let account = spec["serviceAccountName"].clone();
    put(spec, "serviceAccount", account.clone());
    put(spec, "enableServiceLinks", json!(true));
    put(spec, "preemptionPolicy", json!("PreemptLowerPriority"));
    let class = text(spec, "/priorityClassName");
    let priority = store.find("PriorityClass", "", class).map(|class| class["value"].clone());
    put(spec, "priority", priority.unwrap_or_else(|| json!(0)));
    let secrets = store
        .find("ServiceAccount", &namespace, spec["serviceAccountName"].as_str().unwrap_or_default())
        .and_then(|account| account.get("imagePullSecrets").cloned());
    if let Some(secrets) = secrets {
        put(spec, "imagePullSecrets", secrets);
    }
    let own = account.as_str().unwrap_or_default();
    let mounts = store
        .find("ServiceAccount", &namespace, own)
        .is_none_or(|account| account["automountServiceAccountToken"] != false)
        && spec["automountServiceAccountToken"] != false;
    let mut tolerations = items(spec, "/tolerations").to_vec();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let covered = |toleration: &Json| {
            let (own, effect) = (text(toleration, "/key"), text(toleration, "/effect"));
            (own.is_empty() || own == key) && ["", "NoExecute"].contains(&effect)
        };
        if !tolerations.iter().any(covered) {
            tolerations.push(json!({"key": key, "operator": "Exists", "effect": "NoExecute",
                "tolerationSeconds": 300}));
        }
    }
    spec["tolerations"] = json!(tolerations);
    if mounts {
        token_volume(store, spec);
    }
    for list in ["initContainers", "containers"] {
        for one in spec.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten() {
            let limits = one["resources"]["limits"].as_object().cloned().unwrap_or_default();
            for (name, value) in limits {
                put(&mut one["resources"]["requests"], &name, value);
            }
            if let Some(resources) = one["resources"].as_object_mut() {
                resources.retain(|_, below| !below.is_null());
            }
        }
    }
    if let Some(spec) = spec.as_object_mut() {
        spec.retain(|_, below| !below.is_null());
    }
    pod["status"] = json!({"phase": "Pending", "qosClass": quality(&pod["spec"])});
}

fn token_volume(store: &mut Store, spec: &mut Json) {
    let has = items(spec, "/volumes")
        .iter()
        .any(|volume| text(volume, "/name").starts_with("kube-api-access-"));
    if has {
        return;
    }
    let name = format!("kube-api-access-{}", store.suffix(5));
    let mut volumes = items(spec, "/volumes").to_vec();
    volumes.push(json!({"name": name, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace",
            "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}}]}}));
    spec["volumes"] = json!(volumes);
    let path = "/var/run/secrets/kubernetes.io/serviceaccount";
    for list in ["initContainers", "containers"] {
        for one in spec.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten() {
            let mut mounts = items(one, "/volumeMounts").to_vec();
            mounts.push(json!({"name": name, "readOnly": true, "mountPath": path}));
            one["volumeMounts"] = json!(mounts);
        }
    }
}

fn quality(spec: &Json) -> &'static str {
    let containers = items(spec, "/containers");
    let (mut any, mut guaranteed) = (false, true);
    for container in containers {
        let requests = &container["resources"]["requests"];
        let limits = &container["resources"]["limits"];
        any |= requests.is_object() || limits.is_object();
        for name in ["cpu", "memory"] {
            guaranteed &= limits[name].is_string() && limits[name] == requests[name];
        }
    }
    match (any, guaranteed) {
        (_, true) if !containers.is_empty() => "Guaranteed",
        (true, _) => "Burstable",
        _ => "BestEffort",
    }
}
