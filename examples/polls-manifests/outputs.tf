output "url" {
  description = "Where the application answers."
  value       = "http://${data.kubernetes_ingress_v1.pollsapi.status[0].load_balancer[0].ingress[0].ip}/"
}

output "objects" {
  description = "What the files hold, by the keys of their instances."
  value       = concat(keys(kubernetes_manifests.database), keys(kubernetes_manifests.app))
}
