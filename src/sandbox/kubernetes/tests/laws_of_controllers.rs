//! Controllers of workloads: what becomes of what was written, in virtual time.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{APPS, BATCH, Bench, CORE, deployment, job};
use crate::http::Method;
use crate::sandbox::kubernetes::Cluster;

fn condition(object: &Json, kind: &str) -> Json {
    object["status"]["conditions"]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["type"] == kind))
        .cloned()
        .unwrap_or_default()
}

fn pods(bench: &Bench) -> Vec<Json> {
    bench.get(&format!("{CORE}/pods"))["items"].as_array().unwrap().clone()
}

fn logs(bench: &Bench, pod: &Json) -> String {
    let name = pod["metadata"]["name"].as_str().unwrap();
    let log = bench.get(&format!("{CORE}/pods/{name}/log"));
    log.as_str().map_or_else(|| log.to_string(), str::to_owned)
}

fn secret(name: &str, data: &Json) -> Json {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data})
}

/// A database with its Service, as the tutorial's.
fn postgres(bench: &Bench, password: &str) {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "postgres"},
        "spec": {"clusterIP": "None", "selector": {"app": "postgres"}, "ports": [{"port": 5432}]}});
    bench.applied(&format!("{CORE}/services/postgres"), &service);
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "postgres"},
        "spec": {"serviceName": "postgres", "replicas": 1,
            "selector": {"matchLabels": {"app": "postgres"}},
            "template": {"metadata": {"labels": {"app": "postgres"}},
                "spec": {"containers": [{"name": "postgres", "image": "postgres:17",
                    "env": [{"name": "POSTGRES_PASSWORD", "value": password}],
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}},
            "volumeClaimTemplates": [{"metadata": {"name": "data"},
                "spec": {"accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": "10Gi"}}}}]}});
    bench.applied(&format!("{APPS}/statefulsets/postgres"), &set);
}

fn migration(name: &str, password: &str) -> Json {
    let mut object = job(name, "polls:1", &["python", "manage.py", "migrate"]);
    object["spec"]["template"]["spec"]["containers"][0]["env"] = json!([
        {"name": "DATABASE_HOST", "value": "postgres.default.svc.cluster.local"},
        {"name": "DATABASE_USER", "value": "polls"},
        {"name": "DATABASE_PASSWORD", "value": password}]);
    object
}

#[test]
fn a_deployment_becomes_available_on_nodes() {
    let bench = Bench::with_nodes();
    bench.applied(&format!("{APPS}/deployments/web"), &deployment("web", 2));

    bench.wait(60);

    let object = bench.get(&format!("{APPS}/deployments/web"));
    assert_eq!(object["status"]["availableReplicas"], 2, "{object}");
    assert_eq!(object["status"]["observedGeneration"], 1);
    assert_eq!(condition(&object, "Available")["status"], "True");
    assert_eq!(condition(&object, "Progressing")["reason"], "NewReplicaSetAvailable");
    assert_eq!(object["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
    assert!(pods(&bench).iter().all(|pod| pod["status"]["phase"] == "Running"));
}

#[test]
fn a_new_template_rolls_out_and_leaves_the_old_set_empty() {
    let bench = Bench::with_nodes();
    let url = format!("{APPS}/deployments/web");
    bench.applied(&url, &deployment("web", 2));
    bench.wait(60);
    let mut next = deployment("web", 2);
    next["spec"]["template"]["spec"]["containers"][0]["image"] = json!("nginx:2");

    bench.applied(&url, &next);
    bench.wait(5);
    let under_way = bench.get(&url);
    bench.wait(300);

    let object = bench.get(&url);
    assert!(under_way["status"]["availableReplicas"].as_i64().unwrap() >= 2);
    assert_eq!(object["status"]["updatedReplicas"], 2);
    assert_eq!(object["status"]["replicas"], 2);
    assert_eq!(object["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "2");
    let images: Vec<Json> =
        pods(&bench).iter().map(|pod| pod["spec"]["containers"][0]["image"].clone()).collect();
    assert_eq!(images, ["nginx:2", "nginx:2"]);
}

#[test]
fn a_rollout_that_cannot_end_says_so_after_its_deadline() {
    let bench = Bench::with_nodes();
    let mut object = deployment("web", 1);
    object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("missing:1");
    bench.applied(&format!("{APPS}/deployments/web"), &object);

    bench.wait(700);

    let object = bench.get(&format!("{APPS}/deployments/web"));
    assert_eq!(condition(&object, "Progressing")["reason"], "ProgressDeadlineExceeded");
    let waiting = &pods(&bench)[0]["status"]["containerStatuses"][0]["state"]["waiting"];
    assert_eq!(waiting["reason"], "ImagePullBackOff");
}

#[test]
fn pods_wait_for_nodes() {
    let bench = Bench::bare();
    bench.applied(&format!("{APPS}/deployments/web"), &deployment("web", 1));
    bench.wait(60);
    let before = pods(&bench);
    let events = bench.get(&format!("{CORE}/events?fieldSelector=reason%3DFailedScheduling"));

    bench.add_nodes();
    bench.wait(0);
    bench.wait(60);

    assert_eq!(before[0]["status"]["phase"], "Pending");
    let entry = condition(&before[0], "PodScheduled");
    assert_eq!((&entry["reason"], &entry["status"]), (&json!("Unschedulable"), &json!("False")));
    assert_eq!(events["items"][0]["message"], "no nodes available to schedule pods");
    assert_eq!(pods(&bench)[0]["status"]["phase"], "Running");
}

#[test]
fn a_missing_secret_or_key_keeps_a_container_from_starting() {
    let bench = Bench::with_nodes();
    let mut object = deployment("web", 1);
    object["spec"]["template"]["spec"]["containers"][0]["env"] =
        json!([{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]);
    bench.applied(&format!("{APPS}/deployments/web"), &object);
    let waiting = || {
        bench.wait(30);
        pods(&bench)[0]["status"]["containerStatuses"][0]["state"]["waiting"].clone()
    };

    let first = waiting();
    bench.applied(&format!("{CORE}/secrets/s"), &secret("s", &json!({"other": "x"})));
    let second = waiting();
    bench.applied(&format!("{CORE}/secrets/s"), &secret("s", &json!({"k": "x"})));
    let third = waiting();

    assert_eq!(first["reason"], "CreateContainerConfigError");
    assert_eq!(first["message"], "secret \"s\" not found");
    assert_eq!(second["message"], "couldn't find key k in Secret default/s");
    assert_eq!(third, Json::Null);
}

#[test]
fn a_job_completes_and_keeps_its_pod() {
    let bench = Bench::with_nodes();
    bench.applied(&format!("{BATCH}/jobs/once"), &job("once", "busybox:1", &["true"]));

    bench.wait(60);

    let object = bench.get(&format!("{BATCH}/jobs/once"));
    assert_eq!(condition(&object, "Complete")["status"], "True", "{object}");
    assert_eq!(condition(&object, "SuccessCriteriaMet")["reason"], "CompletionsReached");
    assert_eq!(object["status"]["succeeded"], 1);
    assert!(object["status"]["completionTime"].is_string());
    assert_eq!(pods(&bench)[0]["status"]["phase"], "Succeeded");
}

#[test]
fn a_failing_job_fails_with_logs_after_its_tries() {
    let bench = Bench::with_nodes();
    bench.applied(&format!("{BATCH}/jobs/bad"), &job("bad", "registry/x:fail", &[]));

    bench.wait(120);

    let object = bench.get(&format!("{BATCH}/jobs/bad"));
    assert_eq!(condition(&object, "Failed")["reason"], "BackoffLimitExceeded", "{object}");
    assert_eq!(condition(&object, "FailureTarget")["status"], "True");
    assert_eq!(object["status"]["failed"], 2);
    assert!(logs(&bench, &pods(&bench)[0]).contains("fails on purpose"));
}

#[test]
fn a_job_goes_with_its_pods_after_its_time() {
    let bench = Bench::with_nodes();
    let mut object = job("once", "busybox:1", &["true"]);
    object["spec"]["ttlSecondsAfterFinished"] = json!(100);
    bench.applied(&format!("{BATCH}/jobs/once"), &object);

    bench.wait(60);
    let before = bench.get(&format!("{BATCH}/jobs/once"));
    bench.wait(100);

    assert_eq!(condition(&before, "Complete")["status"], "True");
    assert_eq!(bench.get(&format!("{BATCH}/jobs/once"))["code"], 404);
    assert!(pods(&bench).is_empty());
}

#[test]
fn a_migration_needs_the_database_and_its_password() {
    let bench = Bench::with_nodes();
    bench.applied(&format!("{BATCH}/jobs/early"), &migration("early", "one"));
    bench.wait(60);
    postgres(&bench, "one");
    bench.wait(120);
    bench.applied(&format!("{BATCH}/jobs/wrong"), &migration("wrong", "two"));
    bench.applied(&format!("{BATCH}/jobs/right"), &migration("right", "one"));
    bench.wait(90);

    let log = |name: &str| {
        let pods = pods(&bench);
        let of = |pod: &&Json| pod["metadata"]["labels"]["job-name"] == name;
        logs(&bench, pods.iter().find(of).unwrap())
    };
    assert!(log("early").contains("could not connect to server"), "{}", log("early"));
    assert!(log("wrong").contains("password authentication failed for user \"polls\""));
    assert!(log("right").contains("Applying polls.0001_initial... OK"), "{}", log("right"));
    let done = bench.get(&format!("{BATCH}/jobs/right"));
    assert_eq!(condition(&done, "Complete")["status"], "True");
}

#[test]
fn a_claim_has_a_disk_until_it_is_deleted() {
    let bench = Bench::with_nodes();
    postgres(&bench, "one");
    bench.wait(120);
    let url = format!("{CORE}/persistentvolumeclaims/data-postgres-0");
    let claim = bench.get(&url);
    let disks = || -> Vec<String> { bench.cloud.things.lock().unwrap().keys().cloned().collect() };
    let before = disks();
    bench.delete(&format!("{APPS}/statefulsets/postgres"));
    bench.wait(60);
    let kept = disks();

    bench.delete(&url);
    bench.wait(10);

    assert_eq!(claim["status"]["phase"], "Bound", "{claim}");
    assert_eq!(claim["spec"]["storageClassName"], "standard-rwo");
    let name = format!("pvc-{}", claim["metadata"]["uid"].as_str().unwrap());
    assert_eq!(before, [format!("zones/asia-south1-a/disks/{name}")]);
    assert_eq!(kept, before);
    assert!(disks().is_empty());
    assert!(bench.get("/api/v1/persistentvolumes")["items"].as_array().unwrap().is_empty());
}

#[test]
fn the_static_files_are_written_with_the_key_of_the_environment() {
    let bench = Bench::with_nodes();
    let collect = |name: &str, key: &str| {
        let args = ["python", "manage.py", "collectstatic", "--noinput"];
        let mut object = job(name, "polls:1", &args);
        object["spec"]["backoffLimit"] = json!(0);
        object["spec"]["template"]["spec"]["containers"][0]["env"] = json!([
            {"name": "STORAGE_ACCESS_KEY", "value": "GOOG1"},
            {"name": "STORAGE_SECRET_KEY", "valueFrom": {"secretKeyRef": {"name": key, "key": "k"}}},
            {"name": "STORAGE_BUCKET_NAME", "value": "polls"}]);
        bench.applied(&format!("{BATCH}/jobs/{name}"), &object);
    };
    bench.applied(&format!("{CORE}/secrets/good"), &secret("good", &json!({"k": "s3cr3t"})));
    bench.applied(&format!("{CORE}/secrets/bad"), &secret("bad", &json!({"k": "guess"})));

    collect("works", "good");
    bench.wait(60);
    collect("fails", "bad");
    bench.wait(60);

    let written = bench.cloud.written.lock().unwrap().clone();
    assert!(written.contains(&"polls/static/admin/css/base.css".to_owned()));
    let works = bench.get(&format!("{BATCH}/jobs/works"));
    assert_eq!(condition(&works, "Complete")["status"], "True", "{works}");
    let fails = bench.get(&format!("{BATCH}/jobs/fails"));
    assert_eq!(condition(&fails, "Failed")["status"], "True", "{fails}");
    let pods = pods(&bench);
    let of = |pod: &&Json| pod["metadata"]["labels"]["job-name"] == "fails";
    assert!(logs(&bench, pods.iter().find(of).unwrap()).contains("SignatureDoesNotMatch"));
}

#[test]
fn a_deleted_namespace_takes_all_with_it() {
    let bench = Bench::with_nodes();
    let space = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}});
    bench.applied("/api/v1/namespaces/n", &space);
    bench.applied("/apis/apps/v1/namespaces/n/deployments/web", &deployment("web", 1));
    bench.wait(60);
    let account = bench.get("/api/v1/namespaces/n/serviceaccounts/default");

    bench.delete("/api/v1/namespaces/n");
    bench.wait(60);

    assert_eq!(account["metadata"]["name"], "default");
    assert_eq!(bench.get("/api/v1/namespaces/n")["code"], 404);
    assert!(bench.cluster.inventory().is_empty(), "{:?}", bench.cluster.inventory());
}

#[test]
fn an_autoscaler_owns_the_replicas_that_it_wrote() {
    let bench = Bench::with_nodes();
    let mut object = deployment("web", 1);
    object["spec"].as_object_mut().unwrap().shift_remove("replicas");
    bench.applied(&format!("{APPS}/deployments/web"), &object);
    let scaler = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"}, "spec": {"minReplicas": 2, "maxReplicas": 4,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}});
    let url = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/web";

    bench.applied(url, &scaler);
    bench.wait(30);
    let again = bench.applied(&format!("{APPS}/deployments/web"), &object);

    assert_eq!(again["spec"]["replicas"], 2);
    let entries = again["metadata"]["managedFields"].as_array().unwrap();
    assert!(entries.iter().any(|one| one["subresource"] == "scale"));
}

#[test]
fn a_cluster_read_from_its_text_is_the_same() {
    let bench = Bench::with_nodes();
    postgres(&bench, "one");
    bench.applied(&format!("{APPS}/deployments/web"), &deployment("web", 1));
    bench.wait(20);

    let text = bench.cluster.to_json();
    let copy = Cluster::from_json(text.clone(), bench.clock.clone(), bench.cloud.clone()).unwrap();

    assert_eq!(copy.to_json(), text);
    let other =
        Bench { cluster: copy, clock: bench.clock.clone(), cloud: Arc::clone(&bench.cloud) };
    other.wait(60);
    let object = other.get(&format!("{APPS}/deployments/web"));
    assert_eq!(object["status"]["availableReplicas"], 1);
    let (status, _) = other.call(Method::GET, &format!("{CORE}/pods/postgres-0"), "", &Json::Null);
    assert_eq!(status, 200);
}

fn quota(bench: &Bench, hard: Json) {
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
        "spec": {"hard": hard}});
    bench.post(&format!("{CORE}/resourcequotas"), &quota);
}

fn told(bench: &Bench, reason: &str) -> Vec<Json> {
    let events = bench.get(&format!("{CORE}/events"))["items"].as_array().unwrap().clone();
    events.into_iter().filter(|event| event["reason"] == reason).collect()
}

#[test]
fn a_claim_that_is_refused_is_told_by_its_set_and_its_pod_waits() {
    let bench = Bench::with_nodes();
    quota(&bench, json!({"persistentvolumeclaims": "0"}));

    postgres(&bench, "pw");
    bench.wait(30);

    let failed = told(&bench, "FailedCreate");
    let words = failed[0]["message"].as_str().unwrap();
    let begin =
        "create Claim data-postgres-0 Pod postgres-0 in StatefulSet postgres failed error: ";
    assert!(words.starts_with(begin) && words.contains("exceeded quota: q"), "{words}");
    assert_eq!((failed.len(), failed[0]["type"].as_str()), (1, Some("Warning")));
    assert!(told(&bench, "SuccessfulCreate").is_empty());
    assert!(pods(&bench).is_empty());
}

#[test]
fn a_replica_set_that_is_refused_is_told_by_its_deployment() {
    let bench = Bench::with_nodes();
    quota(&bench, json!({"count/replicasets.apps": "0"}));

    bench.post(&format!("{APPS}/deployments"), &deployment("web", 1));
    bench.wait(30);

    let web = bench.get(&format!("{APPS}/deployments/web"));
    let progressing = condition(&web, "Progressing");
    assert_eq!(progressing["reason"], "ReplicaSetCreateError", "{web}");
    assert_eq!(progressing["status"], "False");
    let words = progressing["message"].as_str().unwrap();
    assert!(words.starts_with("Failed to create new replica set \"web-"), "{words}");
    assert!(words.contains("exceeded quota: q"), "{words}");
    assert_eq!(told(&bench, "ReplicaSetCreateError").len(), 1);
    assert!(told(&bench, "ScalingReplicaSet").is_empty());
}

#[test]
fn a_status_is_held_against_what_stands_there_and_an_eviction_can_be_tried() {
    let bench = Bench::with_nodes();
    bench.post(&format!("{APPS}/deployments"), &deployment("web", 1));
    bench.wait(30);

    let mut sent = bench.get(&format!("{APPS}/deployments/web"));
    sent["spec"]["replicas"] = json!(-3);
    sent["spec"]["template"]["spec"]["containers"] = json!([]);
    let url = format!("{APPS}/deployments/web/status");
    let (status, answer) = bench.call(Method::PUT, &url, "application/json", &sent);
    let pod = pods(&bench)[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"name": pod}, "deleteOptions": {"dryRun": ["All"]}});
    bench.post(&format!("{CORE}/pods/{pod}/eviction"), &eviction);

    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["spec"]["replicas"], 1);
    assert!(pods(&bench)[0]["metadata"].get("deletionTimestamp").is_none());
}

#[test]
fn a_ratio_of_the_largest_amounts_is_worked_out() {
    let bench = Bench::with_nodes();
    let most = "9E";
    let range = json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "r"},
        "spec": {"limits": [{"type": "Container", "maxLimitRequestRatio": {"memory": most}}]}});
    bench.post(&format!("{CORE}/limitranges"), &range);
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "x:1",
            "resources": {"limits": {"memory": most}, "requests": {"memory": most}}}]}});

    let (status, answer) =
        bench.call(Method::POST, &format!("{CORE}/pods"), "application/json", &pod);

    assert_eq!(status, 201, "{answer}");
}

#[test]
fn what_rests_is_not_looked_at_again_however_much_there_is() {
    let steps = |count: usize| {
        let bench = Bench::with_nodes();
        for at in 0..count {
            let name = format!("web-{at}");
            bench.applied(&format!("{APPS}/deployments/{name}"), &deployment(&name, 1));
        }
        bench.wait(120);
        let taken = || bench.cluster.inner.locked().attention.steps;
        let before = taken();
        bench.applied(&format!("{CORE}/secrets/s"), &secret("s", &json!({"a": "b"})));
        bench.applied(&format!("{APPS}/deployments/new"), &deployment("new", 1));
        bench.wait(120);
        taken() - before
    };

    let (few, many) = (steps(1), steps(8));

    assert_eq!(few, many);
    assert!(few < 60, "{few}");
}
