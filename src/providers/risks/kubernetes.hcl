# Kubernetes: the typed resources, and the same by the kind of manifests.

resource "kubernetes_namespace" "kubernetes_namespace_v1" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "the namespace goes with all objects in it"
  }
}

resource "kubernetes_persistent_volume_claim" "kubernetes_persistent_volume_claim_v1" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "the claim's disk is lost where its class removes disks, as most do"
  }
}

resource "kubernetes_persistent_volume" "kubernetes_persistent_volume_v1" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "the volume is lost where it is removed with its object"
  }
  risk "data-loss" {
    on   = [update]
    when = { "spec.persistent_volume_reclaim_policy" = ["Delete", "Recycle"] }
    why  = "the disk is removed when its claim goes"
  }
}

resource "kubernetes_stateful_set" "kubernetes_stateful_set_v1" {
  risk "downtime" {
    on  = [delete, replace]
    why = "its pods stop"
  }
  risk "data-loss" {
    on   = [delete, replace]
    when = { "spec.persistent_volume_claim_retention_policy.when_deleted" = ["Delete"] }
    why  = "the claims of its pods go with it"
  }
  risk "data-loss" {
    on   = [update]
    when = { "spec.replicas" = falls, "spec.persistent_volume_claim_retention_policy.when_scaled" = ["Delete"] }
    why  = "the claims of pods that go are removed"
  }
  risk "downtime" {
    on   = [update]
    when = { "spec.template" = changes }
    why  = "its pods are started anew, each gone while it is replaced"
  }
}

resource "kubernetes_deployment" "kubernetes_deployment_v1" "kubernetes_replication_controller" "kubernetes_replication_controller_v1" {
  risk "downtime" {
    on  = [delete, replace]
    why = "its pods stop"
  }
}

resource "kubernetes_daemonset" "kubernetes_daemon_set_v1" "kubernetes_pod" "kubernetes_pod_v1" {
  risk "downtime" {
    on  = [delete, replace]
    why = "its pods stop"
  }
}

resource "kubernetes_deployment" "kubernetes_deployment_v1" "kubernetes_stateful_set" "kubernetes_stateful_set_v1" "kubernetes_replication_controller" "kubernetes_replication_controller_v1" {
  risk "downtime" {
    on   = [create, update]
    when = { "spec.replicas" = ["0", 0] }
    why  = "no pod runs"
  }
  risk "downtime" {
    on   = [update]
    when = { "spec.replicas" = falls }
    why  = "fewer pods run"
  }
}

resource "kubernetes_job" "kubernetes_job_v1" {
  risk "irreversible" {
    on  = [create, replace]
    why = "the Job runs, with all that it does"
  }
}

resource "kubernetes_cron_job" "kubernetes_cron_job_v1" {
  risk "downtime" {
    on  = [delete, replace]
    why = "its runs no longer happen"
  }
  risk "downtime" {
    on   = [update]
    when = { "spec.suspend" = rises }
    why  = "its runs no longer happen"
  }
}

resource "kubernetes_service" "kubernetes_service_v1" {
  risk "downtime" {
    on  = [delete, replace]
    why = "who knows the service finds nobody there, and its address is lost"
  }
  risk "downtime" {
    on   = [update]
    when = { "spec.selector" = changes }
    why  = "other pods answer, or none"
  }
  risk "downtime" {
    on   = [update]
    when = { "spec.port" = changes }
    why  = "who uses a port that goes is refused"
  }
  risk "exposure" {
    on     = [create, update, replace]
    when   = { "spec.type" = ["LoadBalancer"] }
    unless = { "metadata.annotations" = { has = ["Internal"] } }
    why    = "the service gets a public address"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.type" = ["NodePort"] }
    why  = "the service answers on a port of every node"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.external_ips.*" = { has = ["."] } }
    why  = "the service takes the traffic of these addresses"
  }
  risk "cost" {
    on   = [create, replace]
    when = { "spec.type" = ["LoadBalancer"] }
    why  = "a load balancer costs by the hour"
  }
}

resource "kubernetes_ingress" "kubernetes_ingress_v1" {
  risk "exposure" {
    on  = [create, replace]
    why = "its paths answer from outside of the cluster"
  }
  risk "exposure" {
    on   = [update]
    when = { "spec.rule" = changes }
    why  = "other paths answer from outside of the cluster"
  }
  risk "downtime" {
    on  = [delete, replace]
    why = "its hosts and paths no longer answer, and its address is lost"
  }
  risk "exposure" {
    on   = [update]
    when = { "spec.tls" = falls }
    why  = "its hosts answer unencrypted"
  }
  risk "cost" {
    on  = [create, replace]
    why = "a load balancer costs by the hour"
  }
}

resource "kubernetes_cluster_role_binding" "kubernetes_cluster_role_binding_v1" {
  risk "exposure" {
    on   = [create, update, replace]
    when = { "role_ref.name" = ["cluster-admin"] }
    why  = "its subjects may do everything in the cluster"
  }
}

resource "kubernetes_role_binding" "kubernetes_role_binding_v1" {
  risk "exposure" {
    on   = [create, update, replace]
    when = { "role_ref.name" = ["cluster-admin", "admin"] }
    why  = "its subjects may do everything in the namespace"
  }
}

resource "kubernetes_cluster_role_binding" "kubernetes_cluster_role_binding_v1" "kubernetes_role_binding" "kubernetes_role_binding_v1" {
  risk "exposure" {
    on   = [create, update, replace]
    when = { "subject.name" = ["system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"] }
    why  = "its role is given to nearly everybody"
  }
  risk "exposure" {
    on   = [update]
    when = { "subject" = changes }
    why  = "its role is given to others"
  }
  risk "downtime" {
    on  = [delete, replace]
    why = "its subjects lose the role"
  }
}

resource "kubernetes_cluster_role" "kubernetes_cluster_role_v1" "kubernetes_role" "kubernetes_role_v1" {
  risk "exposure" {
    on   = [create, update, replace]
    when = { "rule.verbs.*" = ["*"] }
    why  = "the role may do everything with its resources"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "rule.resources.*" = ["*"] }
    why  = "the role holds for all resources"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "rule.resources.*" = ["secrets"] }
    why  = "the role reads secrets, and with them others' credentials"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "rule.verbs.*" = ["escalate", "bind", "impersonate"] }
    why  = "with the role one can take any other"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "rule.resources.*" = ["pods/exec", "pods/attach", "nodes/proxy"] }
    why  = "with the role one gets into running pods"
  }
  risk "downtime" {
    on  = [delete, replace]
    why = "who has the role loses what it allows"
  }
}

resource "kubernetes_secret" "kubernetes_secret_v1" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "what is in the Secret is lost where it stands nowhere else"
  }
  risk "downtime" {
    on   = [update]
    when = { "data" = changes }
    why  = "who uses the old values may be refused"
  }
}

resource "kubernetes_config_map" "kubernetes_config_map_v1" "kubernetes_service_account" "kubernetes_service_account_v1" "kubernetes_storage_class" "kubernetes_storage_class_v1" "kubernetes_priority_class" "kubernetes_priority_class_v1" "kubernetes_ingress_class" "kubernetes_ingress_class_v1" {
  risk "downtime" {
    on  = [delete, replace]
    why = "pods that need it do not start"
  }
}

resource "kubernetes_network_policy" "kubernetes_network_policy_v1" {
  risk "exposure" {
    on  = [delete, replace]
    why = "traffic that it kept out goes through"
  }
  risk "exposure" {
    on   = [update]
    when = { "spec.ingress" = changes }
    why  = "other traffic goes through"
  }
  risk "downtime" {
    on  = [create]
    why = "traffic that it does not name is held up"
  }
  risk "downtime" {
    on   = [update]
    when = { "spec" = changes }
    why  = "traffic that it no longer names is held up"
  }
}

resource "kubernetes_pod_disruption_budget" "kubernetes_pod_disruption_budget_v1" {
  risk "downtime" {
    on  = [delete, replace]
    why = "nothing keeps pods in place while nodes are drained"
  }
}

resource "kubernetes_horizontal_pod_autoscaler" "kubernetes_horizontal_pod_autoscaler_v1" "kubernetes_horizontal_pod_autoscaler_v2" "kubernetes_horizontal_pod_autoscaler_v2beta2" {
  risk "downtime" {
    on  = [delete, replace]
    why = "the number of pods no longer follows the load"
  }
  risk "downtime" {
    on   = [update]
    when = { "spec.max_replicas" = falls }
    why  = "fewer pods may run"
  }
  risk "cost" {
    on   = [update]
    when = { "spec.max_replicas" = rises }
    why  = "more pods may run, and need more nodes"
  }
}

resource "kubernetes_resource_quota" "kubernetes_resource_quota_v1" "kubernetes_limit_range" "kubernetes_limit_range_v1" {
  risk "downtime" {
    on  = [create, update]
    why = "pods that ask for more are refused"
  }
}

resource "kubernetes_validating_webhook_configuration" "kubernetes_validating_webhook_configuration_v1" "kubernetes_mutating_webhook_configuration" "kubernetes_mutating_webhook_configuration_v1" {
  risk "downtime" {
    on     = [create, update, replace]
    unless = { "webhook.failure_policy" = ["Ignore"] }
    why    = "objects are refused while the webhook does not answer"
  }
  risk "exposure" {
    on  = [delete, replace]
    why = "what the webhook refused is let in"
  }
}

resource "kubernetes_api_service" "kubernetes_api_service_v1" {
  risk "downtime" {
    on  = [delete, replace]
    why = "the API that it brings does not answer"
  }
}

resource "kubernetes_node_taint" "kubernetes_labels" "kubernetes_annotations" "kubernetes_config_map_v1_data" "kubernetes_secret_v1_data" "kubernetes_env" {
  risk "downtime" {
    on  = [create, update, delete, replace]
    why = "an object that others manage is changed"
  }
}

resource "kubernetes_certificate_signing_request" "kubernetes_certificate_signing_request_v1" {
  risk "exposure" {
    on   = [create, replace]
    when = { "spec" = there }
    why  = "a certificate is approved that gives its owner a name in the cluster"
  }
}
resource "kubernetes_pod" "kubernetes_pod_v1" {
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.container.security_context.privileged" = [true] }
    why  = "a container has all rights of its node"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.init_container.security_context.privileged" = [true] }
    why  = "a container has all rights of its node"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.host_network" = [true] }
    why  = "its pods see the traffic of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.host_pid" = [true] }
    why  = "its pods see the processes of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.host_ipc" = [true] }
    why  = "its pods see the shared memory of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.volume.host_path.path" = there }
    why  = "its pods read and write files of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.container.security_context.allow_privilege_escalation" = [true] }
    why  = "a process may take more rights than it was started with"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.container.security_context.capabilities.add.*" = ["SYS_ADMIN", "NET_ADMIN", "ALL", "SYS_PTRACE", "SYS_MODULE"] }
    why  = "a container has rights by which it can break out"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.container.security_context.run_as_user" = ["0", 0] }
    why  = "a container runs as root"
  }
}

resource "kubernetes_deployment" "kubernetes_deployment_v1" "kubernetes_stateful_set" "kubernetes_stateful_set_v1" "kubernetes_daemonset" "kubernetes_daemon_set_v1" "kubernetes_job" "kubernetes_job_v1" "kubernetes_replication_controller" "kubernetes_replication_controller_v1" {
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.template.spec.container.security_context.privileged" = [true] }
    why  = "a container has all rights of its node"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.template.spec.init_container.security_context.privileged" = [true] }
    why  = "a container has all rights of its node"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.template.spec.host_network" = [true] }
    why  = "its pods see the traffic of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.template.spec.host_pid" = [true] }
    why  = "its pods see the processes of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.template.spec.host_ipc" = [true] }
    why  = "its pods see the shared memory of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.template.spec.volume.host_path.path" = there }
    why  = "its pods read and write files of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.template.spec.container.security_context.allow_privilege_escalation" = [true] }
    why  = "a process may take more rights than it was started with"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.template.spec.container.security_context.capabilities.add.*" = ["SYS_ADMIN", "NET_ADMIN", "ALL", "SYS_PTRACE", "SYS_MODULE"] }
    why  = "a container has rights by which it can break out"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.template.spec.container.security_context.run_as_user" = ["0", 0] }
    why  = "a container runs as root"
  }
}

resource "kubernetes_cron_job" "kubernetes_cron_job_v1" {
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.job_template.spec.template.spec.container.security_context.privileged" = [true] }
    why  = "a container has all rights of its node"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.job_template.spec.template.spec.init_container.security_context.privileged" = [true] }
    why  = "a container has all rights of its node"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.job_template.spec.template.spec.host_network" = [true] }
    why  = "its pods see the traffic of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.job_template.spec.template.spec.host_pid" = [true] }
    why  = "its pods see the processes of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.job_template.spec.template.spec.host_ipc" = [true] }
    why  = "its pods see the shared memory of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.job_template.spec.template.spec.volume.host_path.path" = there }
    why  = "its pods read and write files of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.job_template.spec.template.spec.container.security_context.allow_privilege_escalation" = [true] }
    why  = "a process may take more rights than it was started with"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.job_template.spec.template.spec.container.security_context.capabilities.add.*" = ["SYS_ADMIN", "NET_ADMIN", "ALL", "SYS_PTRACE", "SYS_MODULE"] }
    why  = "a container has rights by which it can break out"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "spec.job_template.spec.template.spec.container.security_context.run_as_user" = ["0", 0] }
    why  = "a container runs as root"
  }
}

resource "kubernetes_manifest" "kubernetes_manifests" {
  risk "data-loss" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["Namespace"] }
    why  = "the namespace goes with all objects in it"
  }
  risk "data-loss" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["CustomResourceDefinition"] }
    why  = "the definition goes with all its objects"
  }
  risk "data-loss" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["PersistentVolumeClaim", "PersistentVolume"] }
    why  = "the disk is lost where its class removes disks, as most do"
  }
  risk "data-loss" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["Secret"] }
    why  = "what is in the Secret is lost where it stands nowhere else"
  }
  risk "data-loss" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["StatefulSet"], "manifest.spec.persistentVolumeClaimRetentionPolicy.whenDeleted" = ["Delete"] }
    why  = "the claims of its pods go with it"
  }
  risk "downtime" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["Deployment", "StatefulSet", "DaemonSet", "Pod", "ReplicaSet", "ReplicationController", "CronJob"] }
    why  = "its pods stop"
  }
  risk "downtime" {
    on   = [create, update]
    when = { "manifest.kind" = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"], "manifest.spec.replicas" = [0] }
    why  = "no pod runs"
  }
  risk "downtime" {
    on   = [update]
    when = { "manifest.kind" = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"], "manifest.spec.replicas" = falls }
    why  = "fewer pods run"
  }
  risk "downtime" {
    on   = [update]
    when = { "manifest.kind" = ["StatefulSet"], "manifest.spec.template" = changes }
    why  = "its pods are started anew, each gone while it is replaced"
  }
  risk "downtime" {
    on   = [update]
    when = { "manifest.kind" = ["Deployment"], "manifest.spec.template" = changes, "manifest.spec.strategy.type" = ["Recreate"] }
    why  = "all its pods stop before the new ones start"
  }
  risk "downtime" {
    on   = [update]
    when = { "manifest.kind" = ["CronJob"], "manifest.spec.suspend" = rises }
    why  = "its runs no longer happen"
  }
  risk "irreversible" {
    on   = [create, replace]
    when = { "manifest.kind" = ["Job"] }
    why  = "the Job runs, with all that it does"
  }
  risk "downtime" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["Service"] }
    why  = "who knows the service finds nobody there, and its address is lost"
  }
  risk "downtime" {
    on   = [update]
    when = { "manifest.kind" = ["Service"], "manifest.spec.selector" = changes }
    why  = "other pods answer, or none"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Service"], "manifest.spec.type" = ["LoadBalancer"] }
    why  = "the service gets a public address"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Service"], "manifest.spec.type" = ["NodePort"] }
    why  = "the service answers on a port of every node"
  }
  risk "cost" {
    on   = [create, replace]
    when = { "manifest.kind" = ["Service"], "manifest.spec.type" = ["LoadBalancer"] }
    why  = "a load balancer costs by the hour"
  }
  risk "exposure" {
    on   = [create, replace]
    when = { "manifest.kind" = ["Ingress", "Gateway", "HTTPRoute"] }
    why  = "its paths answer from outside of the cluster"
  }
  risk "exposure" {
    on   = [update]
    when = { "manifest.kind" = ["Ingress", "Gateway", "HTTPRoute"], "manifest.spec" = changes }
    why  = "other paths answer from outside of the cluster"
  }
  risk "downtime" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["Ingress", "Gateway", "HTTPRoute"] }
    why  = "its hosts and paths no longer answer"
  }
  risk "cost" {
    on   = [create, replace]
    when = { "manifest.kind" = ["Ingress", "Gateway"] }
    why  = "a load balancer costs by the hour"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["ClusterRoleBinding", "RoleBinding"], "manifest.roleRef.name" = ["cluster-admin", "admin"] }
    why  = "its subjects may do everything"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["ClusterRoleBinding", "RoleBinding"], "manifest.subjects.*.name" = ["system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"] }
    why  = "its role is given to nearly everybody"
  }
  risk "exposure" {
    on   = [update]
    when = { "manifest.kind" = ["ClusterRoleBinding", "RoleBinding"], "manifest.subjects" = changes }
    why  = "its role is given to others"
  }
  risk "downtime" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["ClusterRoleBinding", "RoleBinding", "ClusterRole", "Role"] }
    why  = "who has the role loses what it allows"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["ClusterRole", "Role"], "manifest.rules.*.verbs.*" = ["*"] }
    why  = "the role may do everything with its resources"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["ClusterRole", "Role"], "manifest.rules.*.resources.*" = ["*"] }
    why  = "the role holds for all resources"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["ClusterRole", "Role"], "manifest.rules.*.resources.*" = ["secrets"] }
    why  = "the role reads secrets, and with them others' credentials"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["ClusterRole", "Role"], "manifest.rules.*.verbs.*" = ["escalate", "bind", "impersonate"] }
    why  = "with the role one can take any other"
  }
  risk "exposure" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["NetworkPolicy"] }
    why  = "traffic that it kept out goes through"
  }
  risk "exposure" {
    on   = [update]
    when = { "manifest.kind" = ["NetworkPolicy"], "manifest.spec" = changes }
    why  = "other traffic goes through"
  }
  risk "downtime" {
    on   = [create]
    when = { "manifest.kind" = ["NetworkPolicy"] }
    why  = "traffic that it does not name is held up"
  }
  risk "downtime" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"], "manifest.webhooks" = changes }
    why  = "objects are refused while the webhook does not answer"
  }
  risk "exposure" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"] }
    why  = "what the webhook refused is let in"
  }
  risk "downtime" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["ConfigMap", "ServiceAccount", "StorageClass", "PriorityClass", "IngressClass"] }
    why  = "pods that need it do not start"
  }
  risk "downtime" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["PodDisruptionBudget"] }
    why  = "nothing keeps pods in place while nodes are drained"
  }
  risk "downtime" {
    on   = [delete, replace]
    when = { "manifest.kind" = ["HorizontalPodAutoscaler"] }
    why  = "the number of pods no longer follows the load"
  }
  risk "downtime" {
    on   = [create, update]
    when = { "manifest.kind" = ["ResourceQuota", "LimitRange"], "manifest.spec" = changes }
    why  = "pods that ask for more are refused"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Pod"], "manifest.spec.containers.*.securityContext.privileged" = [true] }
    why  = "a container has all rights of its node"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Pod"], "manifest.spec.initContainers.*.securityContext.privileged" = [true] }
    why  = "a container has all rights of its node"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Pod"], "manifest.spec.hostNetwork" = [true] }
    why  = "its pods see the traffic of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Pod"], "manifest.spec.hostPID" = [true] }
    why  = "its pods see the processes of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Pod"], "manifest.spec.hostIPC" = [true] }
    why  = "its pods see the shared memory of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Pod"], "manifest.spec.volumes.*.hostPath.path" = there }
    why  = "its pods read and write files of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Pod"], "manifest.spec.containers.*.securityContext.allowPrivilegeEscalation" = [true] }
    why  = "a process may take more rights than it was started with"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Pod"], "manifest.spec.containers.*.securityContext.capabilities.add.*" = ["SYS_ADMIN", "NET_ADMIN", "ALL", "SYS_PTRACE", "SYS_MODULE"] }
    why  = "a container has rights by which it can break out"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Pod"], "manifest.spec.containers.*.securityContext.runAsUser" = [0] }
    why  = "a container runs as root"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController"], "manifest.spec.template.spec.containers.*.securityContext.privileged" = [true] }
    why  = "a container has all rights of its node"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController"], "manifest.spec.template.spec.initContainers.*.securityContext.privileged" = [true] }
    why  = "a container has all rights of its node"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController"], "manifest.spec.template.spec.hostNetwork" = [true] }
    why  = "its pods see the traffic of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController"], "manifest.spec.template.spec.hostPID" = [true] }
    why  = "its pods see the processes of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController"], "manifest.spec.template.spec.hostIPC" = [true] }
    why  = "its pods see the shared memory of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController"], "manifest.spec.template.spec.volumes.*.hostPath.path" = there }
    why  = "its pods read and write files of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController"], "manifest.spec.template.spec.containers.*.securityContext.allowPrivilegeEscalation" = [true] }
    why  = "a process may take more rights than it was started with"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController"], "manifest.spec.template.spec.containers.*.securityContext.capabilities.add.*" = ["SYS_ADMIN", "NET_ADMIN", "ALL", "SYS_PTRACE", "SYS_MODULE"] }
    why  = "a container has rights by which it can break out"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController"], "manifest.spec.template.spec.containers.*.securityContext.runAsUser" = [0] }
    why  = "a container runs as root"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["CronJob"], "manifest.spec.jobTemplate.spec.template.spec.containers.*.securityContext.privileged" = [true] }
    why  = "a container has all rights of its node"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["CronJob"], "manifest.spec.jobTemplate.spec.template.spec.initContainers.*.securityContext.privileged" = [true] }
    why  = "a container has all rights of its node"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["CronJob"], "manifest.spec.jobTemplate.spec.template.spec.hostNetwork" = [true] }
    why  = "its pods see the traffic of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["CronJob"], "manifest.spec.jobTemplate.spec.template.spec.hostPID" = [true] }
    why  = "its pods see the processes of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["CronJob"], "manifest.spec.jobTemplate.spec.template.spec.hostIPC" = [true] }
    why  = "its pods see the shared memory of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["CronJob"], "manifest.spec.jobTemplate.spec.template.spec.volumes.*.hostPath.path" = there }
    why  = "its pods read and write files of their nodes"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["CronJob"], "manifest.spec.jobTemplate.spec.template.spec.containers.*.securityContext.allowPrivilegeEscalation" = [true] }
    why  = "a process may take more rights than it was started with"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["CronJob"], "manifest.spec.jobTemplate.spec.template.spec.containers.*.securityContext.capabilities.add.*" = ["SYS_ADMIN", "NET_ADMIN", "ALL", "SYS_PTRACE", "SYS_MODULE"] }
    why  = "a container has rights by which it can break out"
  }
  risk "exposure" {
    on   = [create, update, replace]
    when = { "manifest.kind" = ["CronJob"], "manifest.spec.jobTemplate.spec.template.spec.containers.*.securityContext.runAsUser" = [0] }
    why  = "a container runs as root"
  }
  risk "downtime" {
    on   = [delete, replace]
    when = { "manifest.kind" = { not = ["Namespace", "CustomResourceDefinition", "PersistentVolumeClaim", "PersistentVolume", "Secret", "Deployment", "StatefulSet", "DaemonSet", "Pod", "ReplicaSet", "ReplicationController", "CronJob", "Job", "Service", "Ingress", "Gateway", "HTTPRoute", "ClusterRoleBinding", "RoleBinding", "ClusterRole", "Role", "NetworkPolicy", "ConfigMap", "ServiceAccount", "StorageClass", "PriorityClass", "IngressClass", "PodDisruptionBudget", "HorizontalPodAutoscaler", "ResourceQuota", "LimitRange", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"] } }
    why  = "the object is removed, and what its controller made of it may go with it"
  }
}

resource "kubernetes_deployment" "kubernetes_deployment_v1" {
  risk "downtime" {
    on   = [update]
    when = { "spec.template" = changes, "spec.strategy.type" = ["Recreate"] }
    why  = "all its pods stop before the new ones start"
  }
}
