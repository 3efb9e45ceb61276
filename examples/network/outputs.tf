output "cluster" {
  description = "The private cluster."
  value       = google_container_cluster.private.name
}

output "bastion" {
  description = "The address of the machine inside."
  value       = google_compute_instance.bastion.network_interface[0].network_ip
}
