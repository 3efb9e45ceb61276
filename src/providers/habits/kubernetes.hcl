# Kubernetes: what the cluster, its controllers and GKE do by themselves. Where `managedFields` says who has a field, that counts more.

agents "kubernetes" {
  are = [
    "kube-*", "kubelet", "system:kube-*", "system:node*", "system:gke-*", "system:gcp-*", "system:apiserver*", "system:addon-manager",
    "system:cloud-controller-manager*", "system:vpa-*", "system:cluster-autoscaler*", "system:serviceaccount:kube-system:*", "gke-*", "cloud-controller-manager", "ingress-gce", "glbc", "gce-*", "neg-*",
    "horizontal-pod-autoscaler*", "vpa-*", "vertical-pod-autoscaler*", "cluster-autoscaler*", "gcp-*", "pdcsi-*",
    "cert-manager*", "*injector*", "istiod*", "istio-*", "linkerd*", "keda*", "certificate-controller*", "autopilot*",
    "deployment-controller", "replicaset-controller", "job-controller", "cronjob-controller", "ttl-controller",
    "ttl-after-finished-controller", "service-controller", "persistent-volume-*", "node-controller",
    "service-*@container-engine-robot.iam.gserviceaccount.com",
  ]
}

resource "kubernetes_*" {
  identity   = ["metadata.uid", "object.metadata.uid"]
  follows    = ["metadata.resource_version", "metadata.generation"]
  by_service = [
    "status",
    "metadata.annotations[deployment.kubernetes.io/*]", "metadata.annotations[cloud.google.com/neg-status]",
    "metadata.annotations[ingress.kubernetes.io/*]", "metadata.annotations[ingress.gcp.kubernetes.io/*]",
    "metadata.annotations[pv.kubernetes.io/*]", "metadata.annotations[volume.kubernetes.io/*]",
    "metadata.annotations[volume.beta.kubernetes.io/*]", "metadata.annotations[autopilot.gke.io/*]",
    "metadata.annotations[control-plane.alpha.kubernetes.io/*]", "metadata.annotations[autoscaling.alpha.kubernetes.io/*]",
    "metadata.labels[kubernetes.io/metadata.name]", "metadata.labels[controller-uid]", "metadata.labels[job-name]",
    "metadata.labels[batch.kubernetes.io/*]",
  ]
}

resource "kubernetes_job" "kubernetes_job_v1" {
  goes = ["spec.ttl_seconds_after_finished"]
}

resource "kubernetes_manifest" {
  written_as = { "object" = "manifest" }
}
