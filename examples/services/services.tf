# The cache, for sessions and Celery's results.
resource "google_redis_instance" "cache" {
  name           = "polls"
  region         = var.region
  memory_size_gb = 1
  redis_version  = "REDIS_7_2"
  auth_enabled   = true
  labels         = var.labels

  redis_configs = {
    maxmemory-policy = "allkeys-lru"
  }

  depends_on = [google_project_service.needed]
}

# Votes are counted one after the other; what cannot be counted is put aside.
resource "google_pubsub_topic" "votes" {
  name                       = "votes"
  labels                     = var.labels
  message_retention_duration = "86400s"

  depends_on = [google_project_service.needed]
}

resource "google_pubsub_topic" "uncounted" {
  name   = "votes-uncounted"
  labels = var.labels

  depends_on = [google_project_service.needed]
}

resource "google_pubsub_subscription" "counter" {
  name                 = "counter"
  topic                = google_pubsub_topic.votes.id
  ack_deadline_seconds = 30
  labels               = var.labels

  expiration_policy {
    ttl = ""
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.uncounted.id
    max_delivery_attempts = 5
  }

  retry_policy {
    minimum_backoff = "10s"
  }
}
