//! What Kubernetes Engine and Compute Engine always do.

use serde_json::{Value as Json, json};

use crate::http::{Method, Request};
use crate::sandbox::Service;

use super::{Asker, CLUSTERS, PROJECT};

#[test]
fn a_cluster_takes_time_and_one_operation_at_once() {
    let asker = Asker::ready();
    let operation = asker.cluster();
    let url = format!("{CLUSTERS}/pollsapi");
    let (_, cluster) = asker.get(&url);
    assert_eq!(
        (cluster["status"].as_str(), cluster["endpoint"].as_str()),
        (Some("PROVISIONING"), None)
    );
    let pool = json!({"nodePool": {"name": "extra", "initialNodeCount": 1}});
    let (status, answer) = asker.ask("POST", &format!("{url}/nodePools"), &pool);
    assert_eq!((status, answer["error"]["status"].as_str()), (400, Some("FAILED_PRECONDITION")));
    let name = operation["name"].as_str().unwrap();
    let message = format!("Cluster is running incompatible operation {name}.");
    assert_eq!(answer["error"]["message"], message.as_str());
    assert_eq!(
        asker
            .ask("POST", CLUSTERS, &json!({"cluster": {"name": "pollsapi", "initialNodeCount": 1}}))
            .0,
        409
    );

    asker.pass(299);
    assert_eq!(asker.get(&url).1["status"], "PROVISIONING");
    asker.pass(1);
    let (_, cluster) = asker.get(&url);
    assert_eq!(cluster["status"], "RUNNING");
    assert!(cluster["endpoint"].as_str().unwrap().starts_with("127.0.0.1:"));
    let at = format!("/container/v1/projects/{PROJECT}/locations/asia-south1-a/operations/{name}");
    assert_eq!(asker.get(&at).1["status"], "DONE");
    assert_eq!(asker.ask("POST", &format!("{url}/nodePools"), &pool).0, 200);
    let server = format!("https://{}/api/v1/namespaces", cluster["endpoint"].as_str().unwrap());
    assert_eq!(asker.get(&server).0, 200);
    assert_eq!(asker.world.answer(&Request::new(Method::GET, server)).status, 401);
}

#[test]
fn node_pools_have_groups_and_a_deleted_cluster_leaves_only_what_controllers_made() {
    use crate::sandbox::{Cloud, ClusterName};
    let asker = Asker::ready();
    asker.cluster();
    asker.pass(300);
    let url = format!("{CLUSTERS}/pollsapi");
    let name = ClusterName {
        project: PROJECT.into(),
        location: "asia-south1-a".into(),
        cluster: "pollsapi".into(),
    };
    assert_eq!(asker.world.google.nodes(&name).len(), 1);
    assert_eq!(asker.ask("DELETE", &format!("{url}/nodePools/default-pool"), &Json::Null).0, 200);
    asker.pass(200);
    assert_eq!(asker.world.google.nodes(&name).len(), 0);
    assert_eq!(
        (asker.get(&url).1["nodePools"].is_null(), asker.get(&url).1["initialNodeCount"].as_u64()),
        (true, Some(1))
    );

    let unknown = json!({"nodePool": {"name": "p", "config": {"serviceAccount": "no@polls-demo.iam.gserviceaccount.com"}}});
    assert_eq!(asker.ask("POST", &format!("{url}/nodePools"), &unknown).0, 400);
    let pool = json!({"nodePool": {"name": "pool", "initialNodeCount": 2, "config": {
        "machineType": "g1-small", "diskSizeGb": 20, "diskType": "pd-standard", "preemptible": true,
    }}});
    assert_eq!(asker.ask("POST", &format!("{url}/nodePools"), &pool).0, 200);
    assert_eq!(
        (asker.get(&url).1["status"].as_str(), asker.world.google.nodes(&name).len()),
        (Some("RECONCILING"), 0)
    );
    asker.pass(120);
    let nodes = asker.world.google.nodes(&name);
    assert_eq!(
        (nodes.len(), nodes[0].machine_type.as_str(), nodes[0].preemptible),
        (2, "g1-small", true)
    );
    let managers =
        format!("/compute/compute/v1/projects/{PROJECT}/zones/asia-south1-a/instanceGroupManagers");
    assert_eq!(asker.get(&managers).1["items"][0]["targetSize"], 2);
    asker.ask("POST", &format!("{url}/nodePools/pool:setSize"), &json!({"nodeCount": 3}));
    asker.pass(90);
    assert_eq!(asker.get(&managers).1["items"][0]["targetSize"], 3);

    let disk = json!({"name": "pvc-1", "sizeGb": "10"});
    asker.world.google.put(PROJECT, "zones/asia-south1-a/disks", disk);
    asker.ask("DELETE", &url, &Json::Null);
    asker.pass(240);
    assert_eq!(asker.get(&url).0, 404);
    let left: Vec<String> =
        asker.inventory().into_iter().filter(|item| !item.starts_with("service ")).collect();
    assert_eq!(left, ["disk pvc-1"]);
    assert!(asker.world.running().is_empty());
}

#[test]
fn an_update_has_one_concern_and_labels_need_the_fingerprint() {
    let asker = Asker::ready();
    asker.cluster();
    asker.pass(300);
    let url = format!("{CLUSTERS}/pollsapi");
    let two = json!({"update": {"desiredReleaseChannel": {"channel": "STABLE"}, "desiredMasterVersion": "latest"}});
    assert_eq!(asker.ask("PUT", &url, &two).0, 400);
    assert_eq!(asker.ask("PUT", &url, &json!({"update": {}})).0, 400);
    let one = json!({"update": {"desiredAddonsConfig": {"httpLoadBalancing": {"disabled": true}}}});
    assert_eq!(asker.ask("PUT", &url, &one).0, 200);
    asker.pass(60);
    let (_, cluster) = asker.get(&url);
    assert_eq!(cluster["addonsConfig"]["httpLoadBalancing"]["disabled"], true);
    assert_eq!(cluster["addonsConfig"]["gcePersistentDiskCsiDriverConfig"]["enabled"], true);

    let labels = |print: &Json| json!({"resourceLabels": {"a": "b"}, "labelFingerprint": print});
    assert_eq!(
        asker.ask("POST", &format!("{url}:setResourceLabels"), &labels(&json!("stale"))).0,
        412
    );
    assert_eq!(
        asker
            .ask("POST", &format!("{url}:setResourceLabels"), &labels(&cluster["labelFingerprint"]))
            .0,
        200
    );
    asker.pass(30);
    assert_eq!(asker.get(&url).1["resourceLabels"], json!({"a": "b"}));
    let older = json!({"update": {"desiredMasterVersion": "1.30.14-gke.1150000"}});
    assert_eq!(asker.ask("PUT", &url, &older).0, 400);
}

#[test]
fn what_another_names_is_not_deleted() {
    let asker = Asker::ready();
    let networks = format!("/compute/v1/projects/{PROJECT}/global/networks");
    assert_eq!(
        asker.ask("POST", &networks, &json!({"name": "net", "autoCreateSubnetworks": false})).0,
        200
    );
    asker.pass(10);
    let link = format!("projects/{PROJECT}/global/networks/net");
    let firewalls = format!("/compute/v1/projects/{PROJECT}/global/firewalls");
    let rule = json!({"name": "rule", "network": link, "allowed": [{"IPProtocol": "tcp"}]});
    assert_eq!(asker.ask("POST", &firewalls, &rule).0, 200);
    asker.pass(10);
    let (status, answer) = asker.ask("DELETE", &format!("{networks}/net"), &Json::Null);
    assert_eq!(
        (status, answer["error"]["errors"][0]["reason"].as_str()),
        (400, Some("resourceInUseByAnotherResource"))
    );
    asker.ask("DELETE", &format!("{firewalls}/rule"), &Json::Null);
    asker.pass(10);
    let (_, operation) = asker.ask("DELETE", &format!("{networks}/net"), &Json::Null);
    let name = operation["name"].as_str().unwrap();
    asker.pass(10);
    let at = format!("/compute/v1/projects/{PROJECT}/global/operations/{name}");
    assert_eq!(asker.get(&at).1["status"], "DONE");
    assert_eq!(asker.get(&format!("{networks}/net")).0, 404);
    assert_eq!(asker.get(&format!("{networks}/default")).0, 200);
}
