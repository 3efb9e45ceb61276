//! What the sandbox's Google side always does, said as requests and answers.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::http::{HeaderValue, Method, Request};
use crate::sandbox::{Service, World};

const PROJECT: &str = "polls-demo";
const CLUSTERS: &str = "/v1/projects/polls-demo/locations/asia-south1-a/clusters";

/// A world and a token for it.
struct Asker {
    world: Arc<World>,
    token: String,
}

fn open(path: Option<&Path>) -> io::Result<Arc<World>> {
    World::open(path, 0.0, "2026-01-01T00:00:00Z".parse().unwrap())
}

impl Asker {
    fn of(world: Arc<World>) -> Asker {
        let token = world.mint_token(Duration::from_secs(86_400));
        Asker { world, token }
    }

    /// A new world with the services of the example enabled.
    fn ready() -> Asker {
        let asker = Asker::of(open(None).unwrap());
        let services = ["container", "compute", "storage", "iam", "artifactregistry"]
            .map(|s| format!("{s}.googleapis.com"));
        let path = format!("/v1/projects/{PROJECT}/services:batchEnable");
        assert_eq!(asker.ask("POST", &path, &json!({"serviceIds": services})).0, 200);
        asker.pass(30);
        asker
    }

    fn pass(&self, seconds: u64) {
        self.world.clock().advance(Duration::from_secs(seconds));
    }

    fn ask(&self, method: &str, url: &str, body: &Json) -> (u16, Json) {
        let method: Method = method.parse().unwrap();
        let mut request = Request::new(method, url);
        if !body.is_null() {
            request = request.json(body);
        }
        let header = HeaderValue::from_str(&format!("Bearer {}", self.token)).unwrap();
        request.headers.insert("authorization", header);
        let answer = self.world.answer(&request);
        (answer.status.as_u16(), serde_json::from_slice(answer.bytes()).unwrap_or_default())
    }

    fn get(&self, url: &str) -> (u16, Json) {
        self.ask("GET", url, &Json::Null)
    }

    fn bucket(&self, name: &str) -> (u16, Json) {
        let body = json!({"name": name, "location": "asia-south1"});
        self.ask("POST", &format!("/storage/v1/b?project={PROJECT}"), &body)
    }

    fn account(&self, id: &str) -> String {
        let path = format!("/v1/projects/{PROJECT}/serviceAccounts");
        let (status, account) =
            self.ask("POST", &path, &json!({"accountId": id, "serviceAccount": {}}));
        assert_eq!(status, 200, "{account}");
        account["email"].as_str().unwrap().to_owned()
    }

    fn cluster(&self) -> Json {
        let body = json!({"cluster": {"name": "pollsapi", "initialNodeCount": 1}});
        let (status, operation) = self.ask("POST", CLUSTERS, &body);
        assert_eq!(status, 200, "{operation}");
        operation
    }

    fn inventory(&self) -> Vec<String> {
        let (_, answer) = self.get("/sandbox/inventory");
        let items = answer["items"].as_array().unwrap().iter();
        items
            .map(|item| {
                format!("{} {}", item["type"].as_str().unwrap(), item["name"].as_str().unwrap())
            })
            .collect()
    }
}

#[test]
fn without_a_good_token_nothing_is_told() {
    let asker = Asker::ready();
    for url in
        ["/storage/v1/b/x", "/v1/projects/p/serviceAccounts", "/storage/storage/v1/b/x", "/nowhere"]
    {
        let answer = asker.world.answer(&Request::new(Method::GET, url));
        assert_eq!(answer.status, 401, "{url}");
        let body: Json = serde_json::from_slice(answer.bytes()).unwrap();
        assert_eq!(body["error"]["status"], "UNAUTHENTICATED");
    }
    assert_eq!(
        Asker { token: "ya29.made-up".into(), world: asker.world.clone() }.get("/storage/v1/b/x").0,
        401
    );
    assert_eq!(asker.get("/storage/v1/b/x").0, 404);
    asker.pass(90_000);
    assert_eq!(asker.get("/storage/v1/b/x").0, 401);
}

#[test]
fn tokens_come_from_the_three_doors() {
    let world = open(None).unwrap();
    let mut metadata =
        Request::new(Method::GET, "/computeMetadata/v1/instance/service-accounts/default/token");
    assert_eq!(world.answer(&metadata).status, 403);
    metadata.headers.insert("metadata-flavor", HeaderValue::from_static("Google"));
    let mut oauth = Request::new(Method::POST, "/token");
    oauth.body = "grant_type=refresh_token&refresh_token=r&client_id=c".into();
    for request in [metadata, oauth, Request::new(Method::POST, "/sandbox/token")] {
        let answer = world.answer(&request);
        let body: Json = serde_json::from_slice(answer.bytes()).unwrap();
        let token = body["access_token"].as_str().unwrap().to_owned();
        assert_eq!(
            Asker { world: world.clone(), token }.get(&format!("/v1/projects/{PROJECT}")).0,
            200
        );
    }
}

#[test]
fn a_service_that_is_not_enabled_says_so() {
    let asker = Asker::of(open(None).unwrap());
    let (status, answer) = asker.get(CLUSTERS);
    assert_eq!(status, 403);
    assert_eq!(answer["error"]["details"][0]["reason"], "SERVICE_DISABLED");
    assert_eq!(asker.bucket("some-bucket").0, 403);
    let list = format!("/v1/projects/{PROJECT}/services?filter=state:ENABLED&pageSize=200");
    assert_eq!(asker.get(&list).1["services"].as_array().unwrap().len(), 2);

    let (_, operation) = asker.ask(
        "POST",
        &format!("/serviceusage/v1/projects/{PROJECT}/services/storage.googleapis.com:enable"),
        &json!({}),
    );
    let url = format!("/v1/{}", operation["name"].as_str().unwrap());
    assert_ne!(asker.get(&url).1["done"], true);
    asker.pass(30);
    assert_eq!(asker.get(&url).1["response"]["service"]["state"], "ENABLED");
    assert_eq!(asker.bucket("some-bucket").0, 200);
}

#[test]
fn an_unknown_field_is_refused_by_every_service() {
    let asker = Asker::ready();
    for (method, url) in [
        ("POST", format!("/storage/v1/b?project={PROJECT}")),
        ("POST", CLUSTERS.to_owned()),
        ("POST", format!("/iam/v1/projects/{PROJECT}/serviceAccounts")),
        (
            "POST",
            format!("/v1/projects/{PROJECT}/locations/asia-south1/repositories?repositoryId=r"),
        ),
        ("POST", format!("/compute/v1/projects/{PROJECT}/global/networks")),
    ] {
        let (status, answer) = asker.ask(method, &url, &json!({"bogus": 1}));
        assert_eq!(status, 400, "{url}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("Unknown name \"bogus\": Cannot find field."), "{message}");
    }
    assert_eq!(asker.get(&format!("{CLUSTERS}?bogus=1")).0, 400);
}

#[test]
fn a_bucket_is_global_upper_case_and_not_deleted_while_it_holds_something() {
    let asker = Asker::ready();
    let (status, bucket) = asker.bucket("pollsapi-storage");
    assert_eq!((status, bucket["location"].as_str()), (200, Some("ASIA-SOUTH1")));
    assert_eq!(bucket["softDeletePolicy"]["retentionDurationSeconds"], "604800");
    assert_eq!(asker.bucket("pollsapi-storage").0, 409);
    assert_eq!(asker.bucket("Bad_Name!").0, 400);

    let upload =
        "/storage/upload/storage/v1/b/pollsapi-storage/o?uploadType=media&name=css%2Fa.css";
    assert_eq!(asker.ask("POST", upload, &json!({"any": "bytes"})).0, 200);
    let object = "/storage/storage/v1/b/pollsapi-storage/o/css%2Fa.css";
    assert_eq!(asker.get(object).1["name"], "css/a.css");
    assert_eq!(asker.get(&format!("{object}?alt=media")).1, json!({"any": "bytes"}));
    assert_eq!(asker.ask("DELETE", "/storage/v1/b/pollsapi-storage", &Json::Null).0, 409);
    let (_, list) = asker.get("/storage/v1/b/pollsapi-storage/o?delimiter=/&versions=true");
    assert_eq!(list["prefixes"], json!(["css/"]));
    assert_eq!(asker.ask("DELETE", object, &Json::Null).0, 204);
    assert_eq!(asker.ask("DELETE", "/storage/v1/b/pollsapi-storage", &Json::Null).0, 204);
    assert_eq!(asker.get("/storage/v1/b/pollsapi-storage").0, 404);
}

#[test]
fn a_bucket_patch_merges_and_null_removes() {
    let asker = Asker::ready();
    asker.bucket("labelled");
    let url = "/storage/v1/b/labelled";
    asker.ask(
        "PATCH",
        url,
        &json!({"labels": {"a": "1", "b": "2"}, "cors": [{"maxAgeSeconds": 5}]}),
    );
    let (_, bucket) = asker.ask(
        "PATCH",
        url,
        &json!({"labels": {"a": null}, "cors": null, "lifecycle": {"rule": []}}),
    );
    assert_eq!(
        (&bucket["labels"], &bucket["cors"], &bucket["lifecycle"]),
        (&json!({"b": "2"}), &Json::Null, &Json::Null)
    );
    assert_eq!(bucket["metageneration"], "3");
    assert_eq!(
        asker.ask("PATCH", &format!("{url}?ifMetagenerationMatch=1"), &json!({"labels": {}})).0,
        412
    );
    assert_eq!(asker.ask("PATCH", url, &json!({"labels": {"a": 1}})).0, 400);
    assert_eq!(asker.ask("PATCH", url, &json!({"storageClass": "FAST"})).0, 400);
}

#[test]
fn everybody_reads_an_object_only_where_the_policy_says_so() {
    let asker = Asker::ready();
    asker.bucket("public-files");
    asker.ask("POST", "/upload/storage/v1/b/public-files/o?uploadType=media&name=a", &json!(1));
    let read = || asker.world.answer(&Request::new(Method::GET, "/public-files/a")).status.as_u16();
    assert_eq!(read(), 401);
    let (_, mut policy) =
        asker.get("/storage/v1/b/public-files/iam?optionsRequestedPolicyVersion=3");
    let stale = policy.clone();
    policy["bindings"]
        .as_array_mut()
        .unwrap()
        .push(json!({"role": "roles/storage.objectViewer", "members": ["allUsers"]}));
    assert_eq!(asker.ask("PUT", "/storage/v1/b/public-files/iam", &policy).0, 200);
    assert_eq!(asker.ask("PUT", "/storage/v1/b/public-files/iam", &stale).0, 412);
    assert_eq!(read(), 200);
}

#[test]
fn an_hmac_key_lives_as_the_service_has_it() {
    let asker = Asker::ready();
    let keys = format!("/storage/v1/projects/{PROJECT}/hmacKeys");
    let unknown = format!("{keys}?serviceAccountEmail=nobody@{PROJECT}.iam.gserviceaccount.com");
    assert_eq!(asker.ask("POST", &unknown, &Json::Null).0, 404);
    assert_eq!(asker.ask("POST", &keys, &Json::Null).0, 400);
    let email = asker.account("storage-user");
    let (status, made) =
        asker.ask("POST", &format!("{keys}?serviceAccountEmail={email}"), &Json::Null);
    assert_eq!((status, made["secret"].as_str().unwrap().len()), (200, 40));
    let id = made["metadata"]["accessId"].as_str().unwrap();
    assert!(id.starts_with("GOOG1E"));
    let url = format!("{keys}/{id}");
    assert_eq!(asker.get(&url).1["state"], "ACTIVE");
    assert!(!asker.get(&keys).1.to_string().contains(made["secret"].as_str().unwrap()));

    assert_eq!(asker.ask("DELETE", &url, &Json::Null).0, 400);
    assert_eq!(asker.ask("PUT", &url, &json!({"state": "INACTIVE", "etag": "stale"})).0, 412);
    let etag = &made["metadata"]["etag"];
    assert_eq!(asker.ask("PUT", &url, &json!({"state": "INACTIVE", "etag": etag})).0, 200);
    assert_eq!(asker.ask("DELETE", &url, &Json::Null).0, 204);
    assert_eq!(asker.get(&url).1["state"], "DELETED");
    assert!(asker.get(&keys).1["items"].is_null());
    assert_eq!(
        asker.get(&format!("{keys}?showDeletedKeys=true")).1["items"].as_array().unwrap().len(),
        1
    );
    for _ in 0..10 {
        assert_eq!(
            asker.ask("POST", &format!("{keys}?serviceAccountEmail={email}"), &Json::Null).0,
            200
        );
    }
    assert_eq!(
        asker.ask("POST", &format!("{keys}?serviceAccountEmail={email}"), &Json::Null).0,
        400
    );
}

#[test]
fn a_write_with_a_key_needs_the_secret_and_the_permission() {
    use crate::sandbox::Cloud;
    let asker = Asker::ready();
    let email = asker.account("storage-user");
    asker.bucket("static-files");
    let url = format!("/storage/v1/projects/{PROJECT}/hmacKeys?serviceAccountEmail={email}");
    let (_, key) = asker.ask("POST", &url, &Json::Null);
    let (id, secret) =
        (key["metadata"]["accessId"].as_str().unwrap(), key["secret"].as_str().unwrap());
    let write = |secret: &str, bucket: &str| {
        asker.world.google.write_object(id, secret, bucket, "a", "text/css", b"x")
    };
    assert!(write("wrong", "static-files").unwrap_err().starts_with("SignatureDoesNotMatch"));
    assert!(write(secret, "nowhere").unwrap_err().starts_with("NoSuchBucket"));
    assert!(write(secret, "static-files").unwrap_err().starts_with("AccessDenied"));
    let (_, mut policy) = asker.get("/storage/v1/b/static-files/iam");
    let member = json!({"role": "roles/storage.objectAdmin", "members": [format!("serviceAccount:{email}")]});
    policy["bindings"].as_array_mut().unwrap().push(member);
    asker.ask("PUT", "/storage/v1/b/static-files/iam", &policy);
    assert_eq!(write(secret, "static-files"), Ok(()));
    assert!(asker.inventory().contains(&"object a".to_owned()));
}

#[test]
fn a_policy_written_by_two_is_refused_to_the_second_and_names_deleted_accounts() {
    let asker = Asker::ready();
    let email = asker.account("node-pool");
    let read = || asker.ask("POST", &format!("/v1/projects/{PROJECT}:getIamPolicy"), &json!({})).1;
    let write = |policy: &Json| {
        asker.ask(
            "POST",
            &format!("/v1/projects/{PROJECT}:setIamPolicy"),
            &json!({"policy": policy}),
        )
    };
    let mut policy = read();
    let stale = policy.clone();
    let member = format!("serviceAccount:{email}");
    policy["bindings"]
        .as_array_mut()
        .unwrap()
        .push(json!({"role": "roles/artifactregistry.reader", "members": [member]}));
    assert_eq!(write(&policy).0, 200);
    let (status, answer) = write(&stale);
    assert_eq!((status, answer["error"]["status"].as_str()), (409, Some("ABORTED")));
    assert!(asker.inventory().contains(&format!("binding roles/artifactregistry.reader {member}")));

    let mut unknown = read();
    unknown["bindings"][0]["members"]
        .as_array_mut()
        .unwrap()
        .push(json!("serviceAccount:no@polls-demo.iam.gserviceaccount.com"));
    assert_eq!(write(&unknown).0, 400);
    asker.ask("DELETE", &format!("/v1/projects/-/serviceAccounts/{email}"), &Json::Null);
    assert!(read().to_string().contains(&format!("deleted:{member}?uid=")));
}

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
    let server = format!("https://{}/version", cluster["endpoint"].as_str().unwrap());
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

#[test]
fn a_repository_is_made_by_an_operation() {
    let asker = Asker::ready();
    let parent = format!("/v1/projects/{PROJECT}/locations/asia-south1/repositories");
    let (_, operation) =
        asker.ask("POST", &format!("{parent}?repositoryId=polls"), &json!({"format": "DOCKER"}));
    asker.pass(10);
    let url = format!("/v1/{}", operation["name"].as_str().unwrap());
    assert_eq!(asker.get(&url).1["done"], true);
    let (_, repository) = asker.get(&format!("{parent}/polls"));
    assert_eq!(repository["registryUri"], "asia-south1-docker.pkg.dev/polls-demo/polls");
    let (_, patched) = asker.ask(
        "PATCH",
        &format!("{parent}/polls?updateMask=description"),
        &json!({"description": "d", "labels": {"a": "b"}}),
    );
    assert_eq!((patched["description"].as_str(), patched["labels"].is_null()), (Some("d"), true));
}

#[test]
fn a_world_goes_on_in_the_next_process_with_the_same_ports() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.json");
    let world = open(Some(&path)).unwrap();
    assert_eq!(open(Some(&path)).err().map(|error| error.kind()), Some(io::ErrorKind::WouldBlock));
    let asker = Asker::of(world);
    let services = json!({"serviceIds": ["container.googleapis.com", "storage.googleapis.com"]});
    asker.ask("POST", &format!("/v1/projects/{PROJECT}/services:batchEnable"), &services);
    asker.pass(30);
    asker.bucket("kept-bucket");
    asker.cluster();
    asker.pass(100);
    asker.world.save().unwrap();
    let token = asker.token.clone();
    drop(asker);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let asker = Asker { world: open(Some(&path)).unwrap(), token };
    let url = format!("{CLUSTERS}/pollsapi");
    assert_eq!(asker.get(&url).1["status"], "PROVISIONING");
    assert_eq!(asker.get("/storage/v1/b/kept-bucket").0, 200);
    asker.pass(200);
    let (_, before) = asker.get(&url);
    assert_eq!(before["status"], "RUNNING");
    asker.world.save().unwrap();
    let token = asker.token.clone();
    drop(asker);

    let asker = Asker { world: open(Some(&path)).unwrap(), token };
    assert_eq!(asker.get(&url).1, before);
    let server = format!("https://{}/version", before["endpoint"].as_str().unwrap());
    assert_eq!(asker.get(&server).0, 200);
}

#[test]
fn the_sandbox_tells_its_time_its_requests_and_makes_faults() {
    let asker = Asker::ready();
    let fault = json!({"method": "GET", "path": "/b/flaky$", "status": 503, "times": 1});
    assert_eq!(asker.ask("POST", "/sandbox/fault", &fault).0, 200);
    assert_eq!(
        (asker.get("/storage/v1/b/flaky").0, asker.get("/storage/v1/b/flaky").0),
        (503, 404)
    );
    let (_, journal) = asker.get("/sandbox/requests");
    assert_eq!(
        journal["requests"].as_array().unwrap().last().unwrap()["path"],
        "/storage/v1/b/flaky"
    );
    let before = asker.get("/sandbox/clock").1;
    let after = asker.ask("POST", "/sandbox/clock", &json!({"advance": "10m"})).1;
    assert_ne!(before, after);
    assert_eq!(asker.get("/sandbox/health").1["status"], "ok");
    asker.bucket("gone-after-reset");
    asker.ask("POST", "/sandbox/reset", &json!({}));
    assert!(asker.inventory().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_serves_the_services_and_a_clusters_port_with_its_own_authority() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.json");
    let world = open(Some(&path)).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = crate::sandbox::serve(world.clone(), listener).await.unwrap();
    let attached = {
        let path = path.clone();
        tokio::task::spawn_blocking(move || crate::sandbox::attach(&path)).await.unwrap()
    };
    assert_eq!(attached, Some(server.url()));
    let asker = Asker::of(world.clone());
    asker.ask(
        "POST",
        &format!("/v1/projects/{PROJECT}/services:batchEnable"),
        &json!({"serviceIds": ["container.googleapis.com"]}),
    );
    asker.pass(30);
    asker.cluster();
    asker.pass(300);
    let (_, cluster) = asker.get(&format!("{CLUSTERS}/pollsapi"));

    // Another test or the program may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = cluster["masterAuth"]["clusterCaCertificate"].as_str().unwrap();
    let authority =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, authority).unwrap();
    let authority = reqwest::Certificate::from_pem(&authority).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
    let url = format!("https://{}/version", cluster["endpoint"].as_str().unwrap());
    assert_eq!(client.get(&url).bearer_auth(&asker.token).send().await.unwrap().status(), 200);
    assert_eq!(client.get(&url).send().await.unwrap().status(), 401);
    let plain = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
    let health = plain.get(format!("{}/sandbox/health", server.url())).send().await.unwrap();
    assert_eq!(health.status(), 200);
    server.stop().await.unwrap();
    assert!(plain.get(&url).send().await.is_err());
    assert_eq!(crate::sandbox::attach(&path), None);
}
