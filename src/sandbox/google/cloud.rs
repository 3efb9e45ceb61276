//! What the Kubernetes side asks of this side.

use serde_json::Value as Json;

use crate::http::Clock;
use crate::sandbox::store::hash;
use crate::sandbox::{Cloud, ClusterName, Node};

use super::compute;
use super::hmac;
use super::objects;
use super::policy;
use super::projects;
use super::storage;
use super::{Google, token_is_good};

/// Roles that let their members write objects.
const WRITERS: &[&str] = &[
    "roles/storage.objectAdmin",
    "roles/storage.objectCreator",
    "roles/storage.objectUser",
    "roles/storage.admin",
    "roles/storage.legacyBucketWriter",
    "roles/storage.legacyBucketOwner",
    "roles/editor",
    "roles/owner",
];

impl Cloud for Google {
    fn token_is_good(&self, token: &str) -> bool {
        token_is_good(&self.locked(), token, self.clock.now())
    }

    fn nodes(&self, cluster: &ClusterName) -> Vec<Node> {
        let mut store = self.locked();
        store.settle(self.clock.now());
        let prefix = format!("{}/nodePools/", key(cluster));
        let mut nodes = Vec::new();
        for (_, pool) in store.children(&prefix) {
            if pool["status"] == "PROVISIONING" || pool["status"] == "STOPPING" {
                continue;
            }
            for url in
                pool["instanceGroupUrls"].as_array().into_iter().flatten().filter_map(Json::as_str)
            {
                let Some(below) = url.split("/compute/v1/").nth(1) else { continue };
                let Some(manager) = store.find(&format!("compute/{below}")) else { continue };
                let zone = below.split('/').nth(3).unwrap_or_default();
                for index in 0..manager["targetSize"].as_u64().unwrap_or(0) {
                    nodes.push(node(pool, manager, zone, index));
                }
            }
        }
        nodes
    }

    fn grow(&self, cluster: &ClusterName, pool: &str, zone: &str, from: u64) {
        let mut store = self.locked();
        let place = format!("{}/nodePools/{pool}", key(cluster));
        let Some(pool) = store.find(&place).cloned() else { return };
        let urls = pool["instanceGroupUrls"].as_array().into_iter().flatten();
        let places = urls.filter_map(|url| url.as_str()?.split("/compute/v1/").nth(1));
        for below in places.filter(|below| below.split('/').nth(3) == Some(zone)) {
            let place = format!("compute/{below}");
            let Some(mut manager) = store.find(&place).cloned() else { continue };
            if manager["targetSize"] == from {
                manager["targetSize"] = (from + 1).into();
                store.put(&place, manager);
            }
        }
    }

    fn put(&self, project: &str, collection: &str, body: Json) {
        let mut store = self.locked();
        let collection = collection.trim_matches('/');
        let name = body["name"].as_str().unwrap_or_default().to_owned();
        let place = compute::key(project, &format!("{collection}/{name}"));
        let mut object = compute::complete(&mut store, self.clock.now(), project, collection, body);
        if let Some(present) = store.find(&place) {
            object["id"] = present["id"].clone();
            object["creationTimestamp"] = present["creationTimestamp"].clone();
        }
        store.put(&place, object);
        store.hidden.insert(place, serde_json::json!({"controller": true}));
    }

    fn remove(&self, project: &str, collection: &str, name: &str) {
        let place = compute::key(project, &format!("{}/{name}", collection.trim_matches('/')));
        self.locked().remove(&place);
    }

    fn write_object(
        &self,
        access_id: &str,
        secret: &str,
        bucket: &str,
        name: &str,
        content_type: &str,
        content: &[u8],
    ) -> Result<(), String> {
        let mut store = self.locked();
        let email = hmac::account_of(&store, access_id, secret)?;
        let place = storage::key(bucket);
        if store.find(&place).is_none() {
            return Err(format!("NoSuchBucket: The specified bucket does not exist: {bucket}."));
        }
        let member = format!("serviceAccount:{email}");
        let project = store
            .hidden
            .get(&place)
            .and_then(|hidden| hidden["project"].as_str())
            .unwrap_or_default();
        let may = policy::grants(&store, &place, WRITERS, &member)
            || policy::grants(&store, &projects::key(project), WRITERS, &member);
        if !may {
            return Err(format!(
                "AccessDenied: {email} does not have storage.objects.create access to the Google Cloud Storage object \
                 in bucket {bucket}."
            ));
        }
        objects::write(&mut store, self.clock.now(), bucket, name, content_type, content);
        Ok(())
    }
}

/// Gives a cluster's key.
pub fn key(cluster: &ClusterName) -> String {
    format!(
        "container/projects/{}/locations/{}/clusters/{}",
        cluster.project, cluster.location, cluster.cluster
    )
}

/// Gives the cluster that a key is of.
pub fn cluster_of(key: &str) -> Option<ClusterName> {
    let parts: Vec<&str> = key.split('/').collect();
    match parts.as_slice() {
        ["container", "projects", project, "locations", location, "clusters", cluster] => {
            Some(ClusterName {
                project: (*project).to_owned(),
                location: (*location).to_owned(),
                cluster: (*cluster).to_owned(),
            })
        }
        _ => None,
    }
}

fn node(pool: &Json, manager: &Json, zone: &str, index: u64) -> Node {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let config = &pool["config"];
    let stem = text(&manager["baseInstanceName"]);
    let preemptible = config["preemptible"] == true || config["spot"] == true;
    let mut labels = vec![
        ("cloud.google.com/gke-nodepool".to_owned(), text(&pool["name"])),
        ("cloud.google.com/gke-boot-disk".to_owned(), text(&config["diskType"])),
        (
            "cloud.google.com/gke-os-distribution".to_owned(),
            if text(&config["imageType"]).starts_with("COS") { "cos" } else { "ubuntu" }.to_owned(),
        ),
        ("cloud.google.com/gke-container-runtime".to_owned(), "containerd".to_owned()),
    ];
    if config["preemptible"] == true {
        labels.push(("cloud.google.com/gke-preemptible".to_owned(), "true".to_owned()));
    }
    if config["spot"] == true {
        labels.push(("cloud.google.com/gke-spot".to_owned(), "true".to_owned()));
    }
    for (name, value) in config["labels"].as_object().into_iter().flatten() {
        labels.push((name.clone(), text(value)));
    }
    let suffix = format!("{:08x}", hash(&format!("{stem} {index}")) & 0xffff_ffff);
    Node {
        name: format!("{stem}-{}", &suffix[..4]),
        pool: text(&pool["name"]),
        zone: zone.to_owned(),
        machine_type: text(&config["machineType"]),
        labels,
        preemptible,
        version: format!("v{}", text(&pool["version"])),
        most: pool["autoscaling"]["maxNodeCount"]
            .as_u64()
            .filter(|_| pool["autoscaling"]["enabled"] == true),
    }
}
