//! Claims and volumes: disks made when somebody needs them, and what becomes of them.

use serde_json::{Value as Json, json};

use super::attention::{attend, is_beside};
use super::hand::{self, MANAGER};
use super::service::region;
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::quantity;
use crate::sandbox::kubernetes::store::{
    Change, Effect, Key, Store, is_deleting, items, name, namespace, text, uid,
};

const CSI: &str = "pd.csi.storage.gke.io";
const CLAIM_FINALIZER: &str = "kubernetes.io/pvc-protection";
const VOLUME_FINALIZER: &str = "kubernetes.io/pv-protection";
/// Seconds until a disk is there, and until it has grown.
const MADE_AFTER: u64 = 5;
const GROWN_AFTER: u64 = 10;

/// Takes the next step of every claim and volume.
pub fn run(store: &mut Store, cluster: &ClusterName) {
    for claim in store.all("PersistentVolumeClaim") {
        let going = is_deleting(&claim);
        let concerns = |change: &Change| match going {
            true => is_beside(change, &["pods"], &claim),
            false => is_beside(change, &["persistentvolumes", "storageclasses"], &claim),
        };
        attend(store, "claim", &claim, concerns, |store, claim| {
            if going {
                release(store, claim);
            } else if text(claim, "/spec/volumeName").is_empty() {
                provide(store, cluster, claim);
            } else {
                bind(store, claim);
                grow(store, cluster, claim);
            }
        });
    }
    for volume in store.all("PersistentVolume") {
        let concerns = |change: &Change| change.key.plural == "persistentvolumeclaims";
        attend(store, "volume", &volume, concerns, |store, volume| keep(store, volume));
    }
}

fn release(store: &mut Store, claim: &Json) {
    let used = store.within("Pod", namespace(claim)).any(|pod| {
        let ended = matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
        !ended
            && items(pod, "/spec/volumes")
                .iter()
                .any(|volume| text(volume, "/persistentVolumeClaim/claimName") == name(claim))
    });
    if !used {
        hand::drop_finalizer(store, MANAGER, claim, CLAIM_FINALIZER);
    }
}

fn provide(store: &mut Store, cluster: &ClusterName, claim: &Json) {
    let class_name = text(claim, "/spec/storageClassName").to_owned();
    if class_name.is_empty() {
        return find_free(store, claim);
    }
    let Some(class) = store.find("StorageClass", "", &class_name).cloned() else {
        let text = format!("storageclass.storage.k8s.io \"{class_name}\" not found");
        let component = "persistentvolume-controller";
        hand::event(store, claim, component, true, "ProvisioningFailed", &text);
        return find_free(store, claim);
    };
    let node = text(claim, "/metadata/annotations/volume.kubernetes.io~1selected-node").to_owned();
    if text(&class, "/volumeBindingMode") == "WaitForFirstConsumer" && node.is_empty() {
        let text = "waiting for first consumer to be created before binding";
        let component = "persistentvolume-controller";
        hand::event(store, claim, component, false, "WaitForFirstConsumer", text);
        return;
    }
    let since = store.since(format!("claim/{}", uid(claim)));
    if !store.has_passed(since, MADE_AFTER) {
        return;
    }
    store.marks.remove(&format!("claim/{}", uid(claim)));
    make(store, cluster, claim, &class, &node);
}

/// A claim without a class takes a free volume that is large enough.
fn find_free(store: &mut Store, claim: &Json) {
    let wanted = amount(text(claim, "/spec/resources/requests/storage"));
    let class = text(claim, "/spec/storageClassName");
    let found = store.all("PersistentVolume").into_iter().find(|volume| {
        text(volume, "/status/phase") == "Available"
            && text(volume, "/spec/storageClassName") == class
            && amount(text(volume, "/spec/capacity/storage")) >= wanted
    });
    let Some(volume) = found else { return };
    let reference = claim_reference(claim);
    hand::change(store, MANAGER, &volume, |volume| volume["spec"]["claimRef"] = reference.clone());
    hand::change(store, MANAGER, claim, |claim| {
        claim["spec"]["volumeName"] = volume["metadata"]["name"].clone();
    });
}

fn amount(text: &str) -> i128 {
    quantity::parse(text).map_or(0, |(amount, _)| amount)
}

fn gigabytes(text: &str) -> i128 {
    let unit = 1_000_000_000_i128 * 1024 * 1024 * 1024;
    (amount(text) + unit - 1) / unit
}

fn claim_reference(claim: &Json) -> Json {
    json!({"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": namespace(claim),
        "name": name(claim), "uid": uid(claim)})
}

fn zone_of(store: &Store, cluster: &ClusterName, node: &str) -> String {
    let zone = store
        .nodes
        .iter()
        .find(|one| one.name == node)
        .or_else(|| store.nodes.first())
        .map(|node| node.zone.clone());
    zone.unwrap_or_else(|| {
        if region(&cluster.location) == cluster.location {
            format!("{}-a", cluster.location)
        } else {
            cluster.location.clone()
        }
    })
}

fn make(store: &mut Store, cluster: &ClusterName, claim: &Json, class: &Json, node: &str) {
    let called = format!("pvc-{}", uid(claim));
    let zone = zone_of(store, cluster, node);
    let size = gigabytes(text(claim, "/spec/resources/requests/storage")).max(1);
    let capacity = format!("{size}Gi");
    let kind = match text(class, "/parameters/type") {
        "" => "pd-standard",
        kind => kind,
    };
    let disk = format!("projects/{}/zones/{zone}/disks/{called}", cluster.project);
    let about = json!({"kubernetes.io/created-for/pv/name": called,
        "kubernetes.io/created-for/pvc/name": name(claim),
        "kubernetes.io/created-for/pvc/namespace": namespace(claim),
        "storage.gke.io/created-by": CSI});
    store.effects.push(Effect::Put {
        collection: format!("zones/{zone}/disks"),
        body: json!({"name": called, "sizeGb": size.to_string(),
            "type": format!("https://www.googleapis.com/compute/v1/projects/{}/zones/{zone}/diskTypes/{kind}",
                cluster.project),
            "description": about.to_string(),
            "labels": {"goog-gke-volume": "", "goog-k8s-cluster-name": cluster.cluster,
                "goog-k8s-cluster-location": cluster.location}}),
    });
    let volume = json!({"apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {"name": called, "annotations": {"pv.kubernetes.io/provisioned-by": CSI}},
        "spec": {"accessModes": claim["spec"]["accessModes"], "capacity": {"storage": capacity},
            "claimRef": claim_reference(claim), "storageClassName": name(class),
            "persistentVolumeReclaimPolicy": class["reclaimPolicy"],
            "volumeMode": claim["spec"]["volumeMode"],
            "csi": {"driver": CSI, "volumeHandle": disk, "fsType": "ext4"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                {"key": "topology.gke.io/zone", "operator": "In", "values": [zone]}]}]}}}});
    hand::create(store, MANAGER, volume);
    hand::change(store, MANAGER, claim, |claim| {
        claim["spec"]["volumeName"] = json!(called);
        if !claim["metadata"]["annotations"].is_object() {
            claim["metadata"]["annotations"] = json!({});
        }
        let annotations = &mut claim["metadata"]["annotations"];
        for key in ["pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"] {
            annotations[key] = json!("yes");
        }
        annotations["volume.kubernetes.io/storage-provisioner"] = json!(CSI);
    });
    let text = format!("Successfully provisioned volume {called}");
    hand::event(store, claim, CSI, false, "ProvisioningSucceeded", &text);
}

fn bind(store: &mut Store, claim: &Json) {
    let called = text(claim, "/spec/volumeName");
    let Some(volume) = store.find("PersistentVolume", "", called).cloned() else {
        let mut status = claim["status"].clone();
        let phase = if text(claim, "/status/phase") == "Bound" { "Lost" } else { "Pending" };
        status["phase"] = json!(phase);
        hand::status(store, MANAGER, claim, status);
        return;
    };
    if volume["spec"].get("claimRef").is_none() {
        let reference = claim_reference(claim);
        hand::change(store, MANAGER, &volume, |volume| {
            volume["spec"]["claimRef"] = reference.clone();
        });
    }
    let status = json!({"phase": "Bound", "accessModes": volume["spec"]["accessModes"],
        "capacity": {"storage": volume["spec"]["capacity"]["storage"]}});
    hand::status(store, MANAGER, claim, status);
}

fn grow(store: &mut Store, cluster: &ClusterName, claim: &Json) {
    let wanted = text(claim, "/spec/resources/requests/storage");
    let called = text(claim, "/spec/volumeName");
    let Some(volume) = store.find("PersistentVolume", "", called).cloned() else { return };
    let mark = format!("grow/{}", uid(claim));
    if amount(wanted) <= amount(text(&volume, "/spec/capacity/storage")) {
        store.marks.remove(&mark);
        return;
    }
    let since = store.since(mark);
    if !store.has_passed(since, GROWN_AFTER) {
        return;
    }
    let size = gigabytes(wanted);
    hand::change(store, MANAGER, &volume, |volume| {
        volume["spec"]["capacity"]["storage"] = json!(format!("{size}Gi"));
    });
    if let Some((zone, name)) = disk_of(&volume) {
        store.effects.push(Effect::Put {
            collection: format!("zones/{zone}/disks"),
            body: json!({"name": name, "sizeGb": size.to_string(),
                "labels": {"goog-gke-volume": "", "goog-k8s-cluster-name": cluster.cluster,
                    "goog-k8s-cluster-location": cluster.location}}),
        });
    }
}

fn disk_of(volume: &Json) -> Option<(String, String)> {
    let handle = text(volume, "/spec/csi/volumeHandle");
    let parts: Vec<&str> = handle.split('/').collect();
    match parts.as_slice() {
        ["projects", _, "zones", zone, "disks", name] => Some(((*zone).into(), (*name).into())),
        _ => None,
    }
}

/// Says how a volume stands, and lets go what its claim has left.
fn keep(store: &mut Store, volume: &Json) {
    let reference = &volume["spec"]["claimRef"];
    let claim = reference.is_object().then(|| {
        store
            .find("PersistentVolumeClaim", text(reference, "/namespace"), text(reference, "/name"))
            .filter(|claim| reference.get("uid").is_none_or(|id| id == uid(claim)))
            .cloned()
    });
    let phase = match &claim {
        None => "Available",
        Some(Some(_)) => "Bound",
        Some(None) => "Released",
    };
    let dynamic =
        volume["metadata"]["annotations"].get("pv.kubernetes.io/provisioned-by").is_some();
    if phase == "Released"
        && dynamic
        && text(volume, "/spec/persistentVolumeReclaimPolicy") == "Delete"
    {
        if let Some((zone, name)) = disk_of(volume) {
            store.effects.push(Effect::Remove { collection: format!("zones/{zone}/disks"), name });
        }
        store.remove(&Key::of("PersistentVolume", "", name(volume)));
        return;
    }
    if is_deleting(volume) && phase != "Bound" {
        hand::drop_finalizer(store, MANAGER, volume, VOLUME_FINALIZER);
        return;
    }
    hand::status(store, MANAGER, volume, json!({"phase": phase}));
}
