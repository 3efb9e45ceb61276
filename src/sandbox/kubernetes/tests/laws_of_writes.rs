//! Writes: apply, update, defaults, refusals.

use serde_json::{Value as Json, json};

use super::{APPS, BATCH, Bench, CORE, deployment, job};
use crate::http::Method;

#[test]
fn an_apply_makes_the_object_and_the_second_keeps_its_version() {
    let bench = Bench::bare();
    let url = format!("{APPS}/deployments/web");

    let (first, made) = bench.apply(&url, &deployment("web", 2));
    bench.wait(5);
    let before = bench.get(&url);
    let (second, again) = bench.apply(&url, &deployment("web", 2));

    assert_eq!((first, second), (201, 200));
    assert_eq!(before["metadata"]["resourceVersion"], again["metadata"]["resourceVersion"]);
    assert_eq!(made["metadata"]["generation"], 1);
}

#[test]
fn a_deployment_has_its_defaults() {
    let bench = Bench::bare();

    let object = bench.applied(&format!("{APPS}/deployments/web"), &deployment("web", 2));

    let spec = &object["spec"];
    assert_eq!(spec["revisionHistoryLimit"], 10);
    assert_eq!(spec["progressDeadlineSeconds"], 600);
    assert_eq!(
        spec["strategy"],
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}})
    );
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["restartPolicy"], "Always");
    assert_eq!(pod["dnsPolicy"], "ClusterFirst");
    assert_eq!(pod["containers"][0]["imagePullPolicy"], "IfNotPresent");
    assert_eq!(pod["containers"][0]["ports"][0]["protocol"], "TCP");
    assert_eq!(pod["containers"][0]["resources"], json!({}));
}

#[test]
fn a_job_has_its_selector_and_defaults() {
    let bench = Bench::bare();

    let object = bench.applied(&format!("{BATCH}/jobs/once"), &job("once", "x:1", &[]));

    let uid = &object["metadata"]["uid"];
    let key = "batch.kubernetes.io/controller-uid";
    assert_eq!(object["spec"]["selector"]["matchLabels"][key], *uid);
    assert_eq!(object["spec"]["template"]["metadata"]["labels"]["job-name"], "once");
    assert_eq!(object["spec"]["completions"], 1);
    assert_eq!(object["spec"]["completionMode"], "NonIndexed");
}

#[test]
fn a_service_has_an_address_and_a_node_port() {
    let bench = Bench::bare();
    let body = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80}]}});

    let object = bench.applied(&format!("{CORE}/services/web"), &body);

    assert!(object["spec"]["clusterIP"].as_str().unwrap().starts_with("34.118."));
    assert!(object["spec"]["ports"][0]["nodePort"].as_i64().unwrap() >= 30000);
    assert_eq!(object["spec"]["ports"][0]["targetPort"], 80);
    assert_eq!(object["spec"]["ipFamilies"], json!(["IPv4"]));
    assert_eq!(object["spec"]["externalTrafficPolicy"], "Cluster");
}

#[test]
fn an_immutable_field_is_refused_with_its_cause() {
    let bench = Bench::bare();
    let url = format!("{APPS}/deployments/web");
    bench.applied(&url, &deployment("web", 1));

    let mut other = deployment("web", 1);
    other["spec"]["selector"]["matchLabels"] = json!({"app": "other"});
    other["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
    let (status, answer) = bench.apply(&url, &other);

    assert_eq!(status, 422);
    assert_eq!(answer["reason"], "Invalid");
    assert_eq!(answer["details"]["causes"][0]["field"], "spec.selector");
    assert!(answer["message"].as_str().unwrap().ends_with("field is immutable"));
}

#[test]
fn an_unknown_field_is_refused_when_validation_is_strict() {
    let bench = Bench::bare();
    let mut body = deployment("web", 1);
    body["spec"]["template"]["spec"]["containers"][0]["imag"] = json!("x");

    let (status, answer) = bench.apply(&format!("{APPS}/deployments/web"), &body);

    assert_eq!(status, 500);
    let text = "failed to create typed patch object (/web; apps/v1, Kind=Deployment): \
        .spec.template.spec.containers[name=\"web\"].imag: field not declared in schema";
    assert_eq!(answer["message"], text);
}

#[test]
fn another_managers_field_is_a_conflict_until_forced() {
    let bench = Bench::bare();
    let url = format!("{APPS}/deployments/web");
    bench.applied(&url, &deployment("web", 2));
    let other = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web"}, "spec": {"replicas": 5}});
    let media = "application/apply-patch+yaml";

    let (status, refused) =
        bench.call(Method::PATCH, &format!("{url}?fieldManager=other"), media, &other);
    let (forced, object) =
        bench.call(Method::PATCH, &format!("{url}?fieldManager=other&force=true"), media, &other);

    assert_eq!((status, forced), (409, 200));
    let cause = &refused["details"]["causes"][0];
    assert_eq!(cause["reason"], "FieldManagerConflict");
    assert_eq!(cause["message"], "conflict with \"terrane\"");
    assert_eq!(cause["field"], ".spec.replicas");
    assert_eq!(object["spec"]["replicas"], 5);
    assert_eq!(object["metadata"]["generation"], 2);
}

#[test]
fn a_field_left_out_falls_back_to_its_default() {
    let bench = Bench::bare();
    let url = format!("{APPS}/deployments/web");
    let mut body = deployment("web", 1);
    body["spec"]["revisionHistoryLimit"] = json!(3);
    bench.applied(&url, &body);

    let object = bench.applied(&url, &deployment("web", 1));

    assert_eq!(object["spec"]["revisionHistoryLimit"], 10);
}

#[test]
fn a_quantity_written_in_another_way_is_no_change() {
    let bench = Bench::bare();
    let url = format!("{APPS}/deployments/web");
    let mut body = deployment("web", 1);
    body["spec"]["template"]["spec"]["containers"][0]["resources"] =
        json!({"requests": {"cpu": "0.5", "memory": "1024Mi"}});
    let first = bench.applied(&url, &body);
    bench.wait(60);
    let before = bench.get(&url);

    let again = bench.applied(&url, &body);

    let requests = &first["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"];
    assert_eq!(*requests, json!({"cpu": "500m", "memory": "1Gi"}));
    assert_eq!(before["metadata"]["resourceVersion"], again["metadata"]["resourceVersion"]);
}

#[test]
fn a_dry_run_keeps_nothing() {
    let bench = Bench::bare();
    let url = format!("{APPS}/deployments/web?fieldManager=t&dryRun=All");

    let media = "application/apply-patch+yaml";
    let (status, object) = bench.call(Method::PATCH, &url, media, &deployment("web", 1));

    assert_eq!(status, 201);
    assert!(object["metadata"]["uid"].is_string());
    assert_eq!(bench.get(&format!("{APPS}/deployments/web"))["code"], 404);
}

#[test]
fn a_stale_version_is_a_conflict() {
    let bench = Bench::bare();
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"},
        "data": {"a": "1"}});
    let mut first = bench.post(&format!("{CORE}/configmaps"), &body);
    first["data"]["a"] = json!("2");
    let url = format!("{CORE}/configmaps/c");
    let (ok, _) = bench.call(Method::PUT, &url, "application/json", &first);

    first["data"]["a"] = json!("3");
    let (status, answer) = bench.call(Method::PUT, &url, "application/json", &first);

    assert_eq!((ok, status), (200, 409));
    assert_eq!(answer["reason"], "Conflict");
}

#[test]
fn a_strategic_patch_merges_containers_by_name() {
    let bench = Bench::bare();
    let url = format!("{APPS}/deployments/web");
    bench.applied(&url, &deployment("web", 1));
    let change = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "web", "image": "nginx:2"}, {"name": "side", "image": "s:1"}]}}}});

    let media = "application/strategic-merge-patch+json";
    let (status, object) = bench.call(Method::PATCH, &url, media, &change);

    assert_eq!(status, 200, "{object}");
    let containers = &object["spec"]["template"]["spec"]["containers"];
    assert_eq!(containers[0]["image"], "nginx:2");
    assert_eq!(containers[0]["ports"][0]["containerPort"], 8000);
    assert_eq!(containers[1]["name"], "side");
}

#[test]
fn managed_fields_can_be_rewritten_by_a_json_patch() {
    let bench = Bench::bare();
    let url = format!("{APPS}/deployments/web");
    bench.applied(&url, &deployment("web", 1));
    let change = json!([{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]);

    let (status, object) = bench.call(Method::PATCH, &url, "application/json-patch+json", &change);

    assert_eq!(status, 200, "{object}");
    assert_eq!(object["metadata"].get("managedFields"), None);
}

#[test]
fn an_object_in_a_missing_namespace_is_refused() {
    let bench = Bench::bare();
    let url = "/apis/apps/v1/namespaces/nowhere/deployments/web";

    let (status, answer) = bench.apply(url, &deployment("web", 1));

    assert_eq!(status, 404);
    assert_eq!(answer["message"], "namespaces \"nowhere\" not found");
}

#[test]
fn a_finalizer_holds_an_object_until_it_is_taken_away() {
    let bench = Bench::bare();
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "c", "finalizers": ["x/y"]}});
    bench.post(&format!("{CORE}/configmaps"), &body);
    let url = format!("{CORE}/configmaps/c");

    let (status, waiting) = bench.delete(&url);
    let change = json!({"metadata": {"finalizers": null}});
    bench.call(Method::PATCH, &url, "application/merge-patch+json", &change);

    assert_eq!(status, 200);
    assert!(waiting["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(bench.get(&url)["code"], 404);
}

#[test]
fn scale_writes_replicas_in_its_own_name() {
    let bench = Bench::bare();
    bench.applied(&format!("{APPS}/deployments/web"), &deployment("web", 1));
    let change = json!({"spec": {"replicas": 4}});

    let url = format!("{APPS}/deployments/web/scale?fieldManager=hand");
    let (status, scale) = bench.call(Method::PATCH, &url, "application/merge-patch+json", &change);

    assert_eq!(status, 200, "{scale}");
    let object = bench.get(&format!("{APPS}/deployments/web"));
    assert_eq!(object["spec"]["replicas"], 4);
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["manager"] == "hand").unwrap();
    assert_eq!(entry["subresource"], "scale");
    let (status, refused) = bench.apply(&format!("{APPS}/deployments/web"), &deployment("web", 1));
    assert_eq!(status, 409, "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("with subresource \"scale\""));
}

#[test]
fn a_secrets_texts_are_folded_into_its_data() {
    let bench = Bench::bare();
    let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
        "stringData": {"a": "x"}});

    let object = bench.applied(&format!("{CORE}/secrets/s"), &body);

    assert_eq!(object["data"], json!({"a": "eA=="}));
    assert_eq!(object["type"], "Opaque");
    assert_eq!(object.get("stringData"), None::<&Json>);
}

#[test]
fn what_is_applied_again_is_no_change_whatever_its_kind() {
    let bench = Bench::with_nodes();
    let pod = json!({"metadata": {"labels": {"app": "a"}}, "spec": {
        "containers": [{"name": "c", "image": "c:1", "env": [{"name": "A", "value": "1"}],
            "readinessProbe": {"httpGet": {"port": 80}},
            "volumeMounts": [{"name": "data", "mountPath": "/d"}]}]}});
    let mut once = job("once", "c:1", &["x"]);
    once["spec"]["template"]["spec"]["volumes"] = json!([{"name": "v"}]);
    let objects = [
        (format!("{BATCH}/jobs/once"), once),
        (
            format!("{APPS}/statefulsets/s"),
            json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "s"},
                "spec": {"serviceName": "s", "selector": {"matchLabels": {"app": "a"}},
                    "template": pod, "volumeClaimTemplates": [{"metadata": {"name": "data"},
                        "spec": {"accessModes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": "1024Mi"}}}}]}}),
        ),
        (
            format!("{CORE}/services/s"),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
                "spec": {"clusterIP": "None", "selector": {"app": "a"}, "ports": [{"port": 1}]}}),
        ),
        (
            format!("{CORE}/persistentvolumeclaims/p"),
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "p"},
                "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "standard",
                    "resources": {"requests": {"storage": "10Gi"}}}}),
        ),
        (
            format!("{CORE}/secrets/s"),
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
                "stringData": {"a": "b"}}),
        ),
        (
            "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings/r".to_owned(),
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": {"name": "r"},
                "roleRef": {"kind": "ClusterRole", "name": "view", "apiGroup": "rbac.authorization.k8s.io"},
                "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "default"}]}),
        ),
        (
            "/api/v1/namespaces/n".to_owned(),
            json!({"apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": "n", "labels": {"a": "b"}}}),
        ),
    ];
    for (url, object) in &objects {
        bench.applied(url, object);
    }
    bench.wait(120);
    for (url, object) in &objects {
        let before = bench.get(url);
        let again = bench.applied(url, object);
        assert_eq!(before, again, "{url}");
    }
}

#[test]
fn a_container_is_put_into_a_pod_that_runs_and_stays_there() {
    let bench = Bench::with_nodes();
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "web", "image": "nginx:1"}]}});
    bench.post(&format!("{CORE}/pods"), &pod);
    bench.wait(60);
    let url = format!("{CORE}/pods/p/ephemeralcontainers");
    let with = |image: &str| json!({"spec": {"ephemeralContainers": [{"name": "debugger", "image": image}]}});
    let send = |body: &Json| {
        bench.call(Method::PATCH, &url, "application/strategic-merge-patch+json", body)
    };

    let (first, _) = send(&with("busybox:1"));
    bench.wait(10);
    let there = bench.get(&format!("{CORE}/pods/p"));
    let (second, refusal) = send(&with("busybox:2"));

    assert_eq!((first, second), (200, 422));
    assert!(there["status"]["ephemeralContainerStatuses"][0]["state"]["running"].is_object());
    assert_eq!(there["spec"]["ephemeralContainers"][0]["terminationMessagePolicy"], "File");
    let message = refusal["message"].as_str().unwrap();
    assert!(message.contains("existing ephemeral containers \"debugger\" may not be changed"));
}
