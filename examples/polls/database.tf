locals {
  database = {
    host = "${kubernetes_service_v1.postgres.metadata[0].name}.${kubernetes_namespace_v1.databases.metadata[0].name}.svc.cluster.local"
    name = "pollsdb"
    user = "polls_admin"
  }
}

resource "kubernetes_namespace_v1" "databases" {
  metadata {
    name = "databases"
  }

  # Without nodes nothing in the cluster runs.
  depends_on = [google_container_node_pool.pollsapi]
}

resource "random_password" "database" {
  length  = 24
  special = false
}

resource "kubernetes_secret_v1" "postgres" {
  metadata {
    name      = "postgres"
    namespace = kubernetes_namespace_v1.databases.metadata[0].name
  }

  data = {
    POSTGRES_DB       = local.database.name
    POSTGRES_USER     = local.database.user
    POSTGRES_PASSWORD = random_password.database.result
  }
}

# The same password where the application can read it.
resource "kubernetes_secret_v1" "database" {
  metadata {
    name = "database"
  }

  data = {
    DATABASE_NAME     = local.database.name
    DATABASE_USER     = local.database.user
    DATABASE_PASSWORD = random_password.database.result
  }

  depends_on = [google_container_node_pool.pollsapi]
}

resource "kubernetes_service_v1" "postgres" {
  metadata {
    name      = "postgres"
    namespace = kubernetes_namespace_v1.databases.metadata[0].name
  }

  spec {
    cluster_ip = "None"
    selector = {
      app = "postgres"
    }

    port {
      name = "postgres"
      port = 5432
    }
  }
}

resource "kubernetes_stateful_set_v1" "postgres" {
  metadata {
    name      = "postgres"
    namespace = kubernetes_namespace_v1.databases.metadata[0].name
    labels = {
      app = "postgres"
    }
  }

  spec {
    service_name = kubernetes_service_v1.postgres.metadata[0].name
    replicas     = 1

    selector {
      match_labels = {
        app = "postgres"
      }
    }

    # When the database is destroyed, its claims and their disks go too.
    persistent_volume_claim_retention_policy {
      when_deleted = "Delete"
      when_scaled  = "Retain"
    }

    template {
      metadata {
        labels = {
          app = "postgres"
        }
      }

      spec {
        container {
          name  = "postgres"
          image = "docker.io/library/postgres:17"

          port {
            name           = "postgres"
            container_port = 5432
          }

          env_from {
            secret_ref {
              name = kubernetes_secret_v1.postgres.metadata[0].name
            }
          }

          # The root of a new disk has a lost+found folder, which PostgreSQL does not take.
          env {
            name  = "PGDATA"
            value = "/var/lib/postgresql/data/pgdata"
          }

          resources {
            requests = {
              cpu    = "50m"
              memory = "128Mi"
            }
          }

          readiness_probe {
            exec {
              command = ["pg_isready", "-U", local.database.user, "-d", local.database.name]
            }
            initial_delay_seconds = 5
          }

          volume_mount {
            name       = "data"
            mount_path = "/var/lib/postgresql/data"
          }
        }
      }
    }

    volume_claim_template {
      metadata {
        name = "data"
      }

      spec {
        access_modes = ["ReadWriteOnce"]
        resources {
          requests = {
            storage = "8Gi"
          }
        }
      }
    }
  }
}
