output "account" {
  description = "Who watches."
  value       = google_service_account.drift.email
}

output "metrics" {
  description = "How to look at the metrics."
  value       = "kubectl -n ${kubernetes_namespace_v1.drift.metadata[0].name} port-forward deploy/${kubernetes_deployment_v1.drift.metadata[0].name} 9464"
}

output "workload_identity" {
  description = "What lets the pod be that account, once."
  value       = "gcloud iam service-accounts add-iam-policy-binding ${google_service_account.drift.email} --role=roles/iam.workloadIdentityUser --member='serviceAccount:${var.project}.svc.id.goog[${kubernetes_namespace_v1.drift.metadata[0].name}/terrane-drift]'"
}
