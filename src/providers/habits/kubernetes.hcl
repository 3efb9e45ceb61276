# Kubernetes: what the cluster, its controllers and GKE do by themselves. Where `managedFields` says who has a field, that counts more.

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

resource "kubernetes_manifest" {
  identity = ["object.metadata.uid"]
}
