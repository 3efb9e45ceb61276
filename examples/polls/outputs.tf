output "url" {
  description = "Where the application answers."
  value       = "http://${kubernetes_ingress_v1.pollsapi.status[0].load_balancer[0].ingress[0].ip}/"
}

output "bucket" {
  description = "The bucket of the static files."
  value       = google_storage_bucket.static.url
}

output "cluster" {
  description = "The cluster's name; `terrane kubeconfig google_container_cluster.pollsapi` gives access to it."
  value       = google_container_cluster.pollsapi.name
}

output "registry" {
  description = "Where to push the application's image."
  value       = "${google_artifact_registry_repository.pollsapi.location}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.pollsapi.repository_id}"
}
