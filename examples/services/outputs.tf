output "database_connection" {
  description = "How the Cloud SQL proxy is told which instance is meant."
  value       = google_sql_database_instance.polls.connection_name
}

output "database_password_secret" {
  description = "Where the application finds its password."
  value       = google_secret_manager_secret_version.database.name
}

output "redis_url" {
  description = "Django's cache location, with its password."
  value       = "redis://:${google_redis_instance.cache.auth_string}@${google_redis_instance.cache.host}:${google_redis_instance.cache.port}/0"
  sensitive   = true
}

output "subscription" {
  description = "Where the counter pulls its votes."
  value       = google_pubsub_subscription.counter.id
}

output "name_servers" {
  description = "What the registrar of the domain must be told."
  value       = google_dns_managed_zone.polls.name_servers
}
