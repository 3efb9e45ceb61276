locals {
  # The secrets that the application and its Jobs read their environment from.
  secrets = [
    kubernetes_secret_v1.database.metadata[0].name,
    kubernetes_secret_v1.storage.metadata[0].name,
  ]

  jobs = {
    migrate        = "python manage.py migrate --noinput"
    collect-static = "python manage.py collectstatic --noinput"
  }
}

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
          command = ["sh", "-c", local.jobs.migrate]

          dynamic "env_from" {
            for_each = local.secrets
            content {
              secret_ref {
                name = env_from.value
              }
            }
          }

          env {
            name  = "DATABASE_HOST"
            value = local.database.host
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

  depends_on = [kubernetes_stateful_set_v1.postgres]
}

resource "kubernetes_job_v1" "collect_static" {
  metadata {
    name = "collect-static"
  }

  spec {
    backoff_limit = 2

    template {
      metadata {
        labels = {
          app = "collect-static"
        }
      }

      spec {
        restart_policy = "Never"

        container {
          name    = "collect-static"
          image   = var.image
          command = ["sh", "-c", local.jobs.collect-static]

          dynamic "env_from" {
            for_each = local.secrets
            content {
              secret_ref {
                name = env_from.value
              }
            }
          }

          env {
            name  = "DATABASE_HOST"
            value = local.database.host
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

  depends_on = [
    google_storage_bucket_iam_member.storage,
    kubernetes_job_v1.migrate,
  ]
}

resource "kubernetes_deployment_v1" "pollsapi" {
  metadata {
    name = "pollsapi"
    labels = {
      app = "pollsapi"
    }
  }

  spec {
    replicas = var.replicas

    selector {
      match_labels = {
        app = "pollsapi"
      }
    }

    template {
      metadata {
        labels = {
          app = "pollsapi"
        }
      }

      spec {
        container {
          name    = "pollsapi"
          image   = var.image
          command = ["gunicorn", "pollsapi.wsgi", "--bind", "0.0.0.0:8000"]

          port {
            name           = "http"
            container_port = 8000
          }

          dynamic "env_from" {
            for_each = local.secrets
            content {
              secret_ref {
                name = env_from.value
              }
            }
          }

          env {
            name  = "DATABASE_HOST"
            value = local.database.host
          }

          resources {
            requests = {
              cpu    = "50m"
              memory = "128Mi"
            }
          }

          readiness_probe {
            http_get {
              path = "/"
              port = 8000
            }
            initial_delay_seconds = 5
          }

          liveness_probe {
            http_get {
              path = "/"
              port = 8000
            }
            initial_delay_seconds = 30
          }
        }
      }
    }
  }

  depends_on = [kubernetes_job_v1.collect_static]
}

resource "kubernetes_service_v1" "pollsapi" {
  metadata {
    name = "pollsapi"
    annotations = {
      "cloud.google.com/neg" = jsonencode({ ingress = true })
    }
  }

  spec {
    type = "NodePort"
    selector = {
      app = "pollsapi"
    }

    port {
      name        = "http"
      port        = 80
      target_port = 8000
    }
  }

  depends_on = [google_container_node_pool.pollsapi]
}

# No class: GKE's own controller takes it. The address appears after up to ten minutes.
resource "kubernetes_ingress_v1" "pollsapi" {
  metadata {
    name = "pollsapi"
  }

  spec {
    rule {
      http {
        path {
          path      = "/"
          path_type = "Prefix"

          backend {
            service {
              name = kubernetes_service_v1.pollsapi.metadata[0].name
              port {
                number = 80
              }
            }
          }
        }
      }
    }
  }

  wait_for_load_balancer = true

  timeouts {
    create = "20m"
    delete = "20m"
  }

  depends_on = [kubernetes_deployment_v1.pollsapi]
}
