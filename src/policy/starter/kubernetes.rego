# Security contexts of pods, and roles: typed resources and manifests.
package terrane.kubernetes

import rego.v1

changes contains change if {
	some change in input.resource_changes
	some action in change.change.actions
	action in {"create", "update"}
	change.change.after
}

# The pods of a change, each with its containers, in the words of typed resources and of manifests.
pods contains {"address": change.address, "spec": spec} if {
	some change in changes
	startswith(change.type, "kubernetes_")
	some outer in change.change.after.spec
	some template in outer.template
	some spec in template.spec
}

pods contains {"address": change.address, "spec": spec} if {
	some change in changes
	change.type in {"kubernetes_pod", "kubernetes_pod_v1"}
	some spec in change.change.after.spec
}

pods contains {"address": change.address, "spec": spec} if {
	some change in changes
	change.type in {"kubernetes_cron_job", "kubernetes_cron_job_v1"}
	some outer in change.change.after.spec
	some job in outer.job_template
	some inner in job.spec
	some template in inner.template
	some spec in template.spec
}

manifest_pods contains {"address": change.address, "spec": spec} if {
	some change in changes
	change.type in {"kubernetes_manifest", "kubernetes_manifests"}
	manifest := change.change.after.manifest
	some spec in [
		object.get(manifest, ["spec", "template", "spec"], null),
		object.get(manifest, ["spec", "jobTemplate", "spec", "template", "spec"], null),
		pod_spec(manifest),
	]
	spec != null
}

pod_spec(manifest) := manifest.spec if manifest.kind == "Pod"

pod_spec(manifest) := null if manifest.kind != "Pod"

deny contains {"msg": sprintf("container \"%s\" is privileged", [container.name]), "address": pod.address} if {
	some pod in pods
	some container in pod.spec.container
	some context in container.security_context
	context.privileged == true
}

deny contains {"msg": sprintf("container \"%s\" is privileged", [container.name]), "address": pod.address} if {
	some pod in manifest_pods
	some container in pod.spec.containers
	container.securityContext.privileged == true
}

deny contains {"msg": "its pods share the network or the processes of their nodes", "address": pod.address} if {
	some pod in pods
	true in {pod.spec.host_network, pod.spec.host_pid, pod.spec.host_ipc}
}

deny contains {"msg": "its pods share the network or the processes of their nodes", "address": pod.address} if {
	some pod in manifest_pods
	some name in {"hostNetwork", "hostPID", "hostIPC"}
	pod.spec[name] == true
}

deny contains {"msg": "its pods read and write files of their nodes", "address": pod.address} if {
	some pod in pods
	some volume in pod.spec.volume
	count(volume.host_path) > 0
}

deny contains {"msg": "its pods read and write files of their nodes", "address": pod.address} if {
	some pod in manifest_pods
	some volume in pod.spec.volumes
	volume.hostPath
}

deny contains {"msg": "its subjects may do everything in the cluster", "address": change.address} if {
	some change in changes
	change.type in {"kubernetes_cluster_role_binding", "kubernetes_cluster_role_binding_v1"}
	some role in change.change.after.role_ref
	role.name == "cluster-admin"
}

deny contains {"msg": "its subjects may do everything in the cluster", "address": change.address} if {
	some change in changes
	change.type in {"kubernetes_manifest", "kubernetes_manifests"}
	change.change.after.manifest.kind == "ClusterRoleBinding"
	change.change.after.manifest.roleRef.name == "cluster-admin"
}

warn contains {"msg": sprintf("container \"%s\" has no limits", [container.name]), "address": pod.address} if {
	some pod in pods
	some container in pod.spec.container
	not has_limits(container)
}

has_limits(container) if {
	some resources in container.resources
	count(resources.limits) > 0
}

warn contains {"msg": sprintf("container \"%s\" takes an image that may be another tomorrow (%s)", [container.name, container.image]), "address": pod.address} if {
	some pod in pods
	some container in pod.spec.container
	floating(container.image)
}

floating(image) if endswith(image, ":latest")

floating(image) if not regex.match(`@|:[^/]+$`, image)
