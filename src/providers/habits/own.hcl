# What a cluster has without anybody having written it: `terrane drift -unmanaged` leaves it out, and says why.
#
# own "KIND" {                      the kind of Kubernetes, with `*`
#   because    = "…"                why it is left out
#   namespaces = ["kube-*"]         it is in one of these namespaces
#   names      = ["default"]        it has one of these names
#   types      = ["…"]              its `type` is one of these
#   labels     = ["name=value"]     it has one of these labels
#   owned      = true               it has an owner
# }
#
# All that a block says must be so.

own "*" {
  because    = "it is in a namespace of the system"
  namespaces = ["kube-*", "gke-*", "gmp-*", "config-management-*", "cnrm-system", "istio-system", "asm-system", "gatekeeper-system"]
}

own "*" {
  because = "its owner makes it"
  owned   = true
}

own "*" {
  because = "a release of Helm has it"
  labels  = ["app.kubernetes.io/managed-by=Helm"]
}

own "*" {
  because = "an addon of the cluster has it"
  labels  = ["addonmanager.kubernetes.io/mode=*", "kubernetes.io/bootstrapping=*", "components.gke.io/layer=*", "k8s-app=kube-*"]
}

own "Namespace" {
  because = "it is a namespace of the system"
  names   = ["default", "kube-*", "gke-*", "gmp-*", "config-management-*", "cnrm-system", "istio-system", "asm-system", "gatekeeper-system"]
}

own "ServiceAccount" {
  because = "each namespace has it"
  names   = ["default"]
}

own "ConfigMap" {
  because = "each namespace has it"
  names   = ["kube-root-ca.crt", "istio-ca-root-cert"]
}

own "ConfigMap" {
  because = "a controller elects its leader with it"
  names   = ["*-leader-election", "*-leader"]
}

own "PersistentVolume" {
  because = "it was made for a claim"
  names   = ["pvc-*"]
}

own "Service" {
  because    = "the cluster's own API has it"
  namespaces = ["default"]
  names      = ["kubernetes"]
}

own "Endpoint*" {
  because = "the endpoints of a Service are the cluster's"
}

own "Secret" {
  because = "a controller writes it"
  types   = ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"]
}

own "*Role*" {
  because = "it is the cluster's own"
  names   = ["system:*", "cluster-admin", "admin", "edit", "view", "gce:*", "gke-*", "kubelet-*", "cloud-provider", "event-exporter-*", "netd", "snapshot-controller-*", "storage-version-migration-*", "kubernetes-*", "extension-apiserver-*", "uas-hpa-controller", "read-updateinfo", "ccm:*"]
}

own "PriorityClass" {
  because = "it is the cluster's own"
  names   = ["system-*", "gke-*", "gmp-*"]
}

own "StorageClass" {
  because = "it is the cluster's own"
  names   = ["standard", "standard-rwo", "premium-rwo", "*filestore*", "*-multishare*", "enterprise-*", "zonal-rwx", "dynamic-rwo", "dynamic-volume"]
}

own "CSIDriver" {
  because = "it is the cluster's own"
  names   = ["*.csi.storage.gke.io", "*.csi.driver.gke.io", "pd.csi.*", "filestore.csi.*", "gcsfuse.csi.*", "parallelstore.csi.*", "lustre.csi.*"]
}

own "APIService" {
  because = "it is the cluster's own"
  names   = ["v1.*", "v1beta1.*", "v2.*", "v1alpha1.*", "v1beta2.*", "v1beta3.*", "v2beta*", "v1."]
}

own "*WebhookConfiguration" {
  because = "it is the cluster's own"
  names   = ["gke-*", "gmp-*", "*.config.common-webhooks.networking.gke.io", "warden-*", "pod-ready.config.common-webhooks.networking.gke.io", "flowcontrol-*", "workload-defaulter.*", "validation-webhook.snapshot.*", "*.autopilot.*", "policycontrollerv2.*", "pv-backup-*"]
}

own "RuntimeClass" {
  because = "it is the cluster's own"
  names   = ["gvisor"]
}

own "Pod" {
  because = "a node has it"
  labels  = ["kubernetes.io/config.mirror=*", "tier=control-plane"]
}

own "PersistentVolume" {
  because = "it was made for its claim"
  labels  = ["topology.kubernetes.io/zone=*", "provisioned=*"]
}
