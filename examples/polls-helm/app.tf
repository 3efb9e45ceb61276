resource "kubernetes_job_v1" "migrate" {
  metadata {
    name = "migrate"
  }

  spec {
    backoff_limit = 2

    template {
      metadata {
        labels = {
          app = "migrate"
        }
      }

      spec {
        restart_policy = "Never"

        container {
          name    = "migrate"
          image   = var.image
          command = ["sh", "-c", "python manage.py migrate --noinput"]

          env {
            name  = "DATABASE_HOST"
            value = "${helm_release.pollsdb.name}-postgresql.${helm_release.pollsdb.namespace}.svc.cluster.local"
          }
          env {
            name  = "DATABASE_NAME"
            value = local.database.name
          }
          env {
            name  = "DATABASE_USER"
            value = local.database.user
          }
          env {
            name = "DATABASE_PASSWORD"
            value_from {
              secret_key_ref {
                name = kubernetes_secret_v1.pollsdb.metadata[0].name
                key  = "postgres-password"
              }
            }
          }
        }
      }
    }
  }

  wait_for_completion = true

  timeouts {
    create = "10m"
    update = "10m"
  }
}
