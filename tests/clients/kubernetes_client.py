"""The official Python client at the sandbox: typed and dynamic, through the life of what it makes.

Called with a kubeconfig; ends with an error at the first thing that is not as at a real cluster.
"""

import sys

from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import stream

config.load_kube_config(sys.argv[1])
SPACE = "python"
core, apps, batch = client.CoreV1Api(), client.AppsV1Api(), client.BatchV1Api()


def refused(status, call, *given, **named):
    """Calls what must be refused; gives the refusal."""
    try:
        call(*given, **named)
    except ApiException as error:
        assert error.status == status, (error.status, error.body)
        return error
    raise AssertionError(f"{call} was not refused")


def patched(media, body, **named):
    """Sends a patch of a media type."""
    return core.patch_namespaced_config_map("app", SPACE, body, _content_type=media, **named)


def typed():
    """Objects of the client's own types: made, read, listed, changed, replaced, removed."""
    meta = client.V1ObjectMeta(name="app", labels={"app": "app"})
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=SPACE)))
    made = core.create_namespaced_config_map(SPACE, client.V1ConfigMap(metadata=meta, data={"a": "1"}))
    assert made.metadata.uid and made.metadata.creation_timestamp
    refused(409, core.create_namespaced_config_map, SPACE, client.V1ConfigMap(metadata=meta))
    made.data["b"] = "2"
    replaced = core.replace_namespaced_config_map("app", SPACE, made)
    assert replaced.data == {"a": "1", "b": "2"}
    refused(409, core.replace_namespaced_config_map, "app", SPACE, made)
    secret = client.V1Secret(metadata=meta, string_data={"word": "x"})
    assert core.create_namespaced_secret(SPACE, secret).data == {"word": "eA=="}
    ports = [client.V1ServicePort(port=80, target_port=8080)]
    service = client.V1Service(metadata=meta, spec=client.V1ServiceSpec(selector={"app": "app"}, ports=ports))
    assert core.create_namespaced_service(SPACE, service).spec.cluster_ip
    assert [one.metadata.name for one in core.list_namespaced_service(SPACE, label_selector="app=app").items] == ["app"]
    assert core.list_namespaced_config_map(SPACE, field_selector="metadata.name=none").items == []
    page = core.list_config_map_for_all_namespaces(limit=1)
    assert len(page.items) == 1 and page.metadata._continue
    assert core.list_config_map_for_all_namespaces(limit=1, _continue=page.metadata._continue).items
    refused(404, core.read_namespaced_secret, "none", SPACE)
    wrong = client.V1Service(metadata=client.V1ObjectMeta(name="wrong"), spec=client.V1ServiceSpec(ports=[client.V1ServicePort(port=0)]))
    assert "Invalid value" in refused(422, core.create_namespaced_service, SPACE, wrong).body


def workloads():
    """A Deployment with its pods, watched, scaled and read; a Job with its log."""
    container = client.V1Container(name="c", image="example.com/c:1")
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels={"app": "app"}), spec=client.V1PodSpec(containers=[container]))
    spec = client.V1DeploymentSpec(
        replicas=1, selector=client.V1LabelSelector(match_labels={"app": "app"}), template=template)
    apps.create_namespaced_deployment(SPACE, client.V1Deployment(metadata=client.V1ObjectMeta(name="app"), spec=spec))
    looking, kinds = watch.Watch(), []
    for event in looking.stream(apps.list_namespaced_deployment, SPACE, timeout_seconds=60):
        kinds.append(event["type"])
        if event["object"].status.ready_replicas == 1:
            looking.stop()
    assert kinds[0] == "ADDED" and "MODIFIED" in kinds, kinds
    scale = apps.read_namespaced_deployment_scale("app", SPACE)
    scale.spec.replicas = 2
    apps.replace_namespaced_deployment_scale("app", SPACE, scale)
    apps.patch_namespaced_deployment_scale("app", SPACE, {"spec": {"replicas": 3}})
    assert apps.read_namespaced_deployment("app", SPACE).spec.replicas == 3
    running = core.list_namespaced_pod(SPACE, label_selector="app=app", field_selector="status.phase=Running").items
    pod = running[0].metadata.name
    assert "started" in core.read_namespaced_pod_log(pod, SPACE)
    try:
        stream(core.connect_get_namespaced_pod_exec, pod, SPACE, command=["ls"], stdout=True)
        raise AssertionError("exec was not refused")
    except ApiException as error:
        assert "runs no containers" in str(error), error
    task = client.V1Container(name="c", image="example.com/x:1", command=["echo", "hi"])
    template = client.V1PodTemplateSpec(spec=client.V1PodSpec(restart_policy="Never", containers=[task]))
    batch.create_namespaced_job(SPACE, client.V1Job(
        metadata=client.V1ObjectMeta(name="job"), spec=client.V1JobSpec(template=template)))
    for event in watch.Watch().stream(batch.list_namespaced_job, SPACE, timeout_seconds=60):
        if event["object"].status.succeeded:
            break
    pod = core.list_namespaced_pod(SPACE, label_selector="job-name=job").items[0].metadata.name
    assert core.read_namespaced_pod_log(pod, SPACE).strip() == "hi"
    lines = [line for line in watch.Watch().stream(core.read_namespaced_pod_log, pod, SPACE)]
    assert lines == ["hi"], lines
    assert any(event.reason == "Completed" for event in core.list_namespaced_event(SPACE).items)
    eviction = client.V1Eviction(metadata=client.V1ObjectMeta(name=pod), delete_options=client.V1DeleteOptions(dry_run=["All"]))
    core.create_namespaced_pod_eviction(pod, SPACE, eviction)
    assert core.read_namespaced_pod(pod, SPACE).metadata.deletion_timestamp is None


def patches():
    """Each kind of patch; an apply, its conflict, and its force."""
    core.patch_namespaced_config_map("app", SPACE, {"data": {"a": None, "c": "3"}})
    core.patch_namespaced_config_map("app", SPACE, [{"op": "add", "path": "/data/d", "value": "4"}])
    patched("application/merge-patch+json", {"data": {"b": None}})
    found = patched("application/strategic-merge-patch+json", {"metadata": {"labels": {"x": "y"}}})
    assert found.data == {"c": "3", "d": "4"} and found.metadata.labels["x"] == "y", found
    intent = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app"}, "data": {"c": "own"}}
    media = "application/apply-patch+yaml"
    assert "conflict" in refused(409, patched, media, intent, field_manager="me").body
    assert patched(media, intent, field_manager="me", force=True).data["c"] == "own"
    tried = core.patch_namespaced_config_map("app", SPACE, {"data": {"e": "5"}}, dry_run="All")
    assert tried.data["e"] == "5" and "e" not in core.read_namespaced_config_map("app", SPACE).data


def dynamically():
    """A kind of its own, by discovery: defined, made, applied, watched, removed with its definition."""
    dyn = dynamic.DynamicClient(client.ApiClient())
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "sheep.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": {"plural": "sheep", "singular": "sheep", "kind": "Sheep"},
                 "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}]}}
    definitions = dyn.resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")
    definitions.create(body=definition)
    for event in definitions.watch(name="sheep.example.com", timeout=30):
        if any(one.type == "Established" and one.status == "True" for one in event["object"].status.conditions or []):
            break
    dyn = dynamic.DynamicClient(client.ApiClient())
    sheep = dyn.resources.get(api_version="example.com/v1", kind="Sheep")
    body = {"apiVersion": "example.com/v1", "kind": "Sheep", "metadata": {"name": "dolly"}, "spec": {"size": 1}}
    assert sheep.create(body=body, namespace=SPACE).spec.size == 1
    applied = sheep.server_side_apply(
        body={**body, "spec": {"size": 2}}, name="dolly", namespace=SPACE, field_manager="me", force_conflicts=True)
    assert applied.spec.size == 2
    merged = sheep.patch(body={"spec": {"size": 3}}, name="dolly", namespace=SPACE, content_type="application/merge-patch+json")
    assert merged.spec.size == 3
    refused(422, sheep.patch, body={"spec": {"size": "x"}}, name="dolly", namespace=SPACE, content_type="application/merge-patch+json")
    assert [one.metadata.name for one in sheep.get(namespace=SPACE).items] == ["dolly"]
    objects = client.CustomObjectsApi()
    assert objects.get_namespaced_custom_object("example.com", "v1", SPACE, "sheep", "dolly")["spec"]["size"] == 3
    definitions.delete(name="sheep.example.com")
    for event in definitions.watch(name="sheep.example.com", timeout=30):
        if event["type"] == "DELETED":
            break
    refused(404, sheep.get, namespace=SPACE)


def others():
    """What is asked of the cluster itself, and the end of the namespace."""
    assert client.VersionApi().get_code().git_version.endswith("+emulator")
    assert any(group.name == "apps" for group in client.ApisApi().get_api_versions().groups)
    attributes = client.V1ResourceAttributes(verb="get", resource="pods")
    review = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes))
    assert client.AuthorizationV1Api().create_self_subject_access_review(review).status.allowed
    request = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=["a"], expiration_seconds=600))
    assert core.create_namespaced_service_account_token("default", SPACE, request).status.token
    assert core.list_node().items and client.StorageV1Api().list_storage_class().items
    core.delete_collection_namespaced_config_map(SPACE, label_selector="app=app")
    refused(404, core.read_namespaced_config_map, "app", SPACE)
    core.delete_namespace(SPACE)
    for event in watch.Watch().stream(core.list_namespace, timeout_seconds=60, field_selector=f"metadata.name={SPACE}"):
        if event["type"] == "DELETED":
            break
    refused(404, core.read_namespace, SPACE)


for part in (typed, workloads, patches, dynamically, others):
    part()
    print(f"{part.__name__}: done")
