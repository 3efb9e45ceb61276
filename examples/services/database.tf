# PostgreSQL by Cloud SQL, with the database and the user of the Django application.
#
# The name of an instance is not free for a week after its removal: so it has a part of its own each time.
resource "random_id" "database" {
  byte_length = 3
}

resource "google_sql_database_instance" "polls" {
  name                = "polls-${random_id.database.hex}"
  database_version    = "POSTGRES_16"
  region              = var.region
  deletion_protection = var.deletion_protection

  settings {
    tier        = var.database_tier
    user_labels = var.labels

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      start_time                     = "20:00"
    }

    ip_configuration {
      ssl_mode = "ENCRYPTED_ONLY"
    }

    maintenance_window {
      day  = 7
      hour = 21
    }

    insights_config {
      query_insights_enabled = true
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_sql_database" "polls" {
  name     = "pollsdb"
  instance = google_sql_database_instance.polls.name
}

resource "random_password" "database" {
  length  = 24
  special = false
}

resource "google_sql_user" "django" {
  name     = "polls_admin"
  instance = google_sql_database_instance.polls.name
  password = random_password.database.result
}

# The application reads the password from here.
resource "google_secret_manager_secret" "database" {
  secret_id = "polls-database-password"
  labels    = var.labels

  replication {
    auto {}
  }

  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_version" "database" {
  secret      = google_secret_manager_secret.database.id
  secret_data = random_password.database.result
}
