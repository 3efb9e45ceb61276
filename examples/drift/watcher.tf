resource "kubernetes_namespace_v1" "drift" {
  metadata {
    name = "terrane-drift"
  }
}

resource "kubernetes_service_account_v1" "drift" {
  metadata {
    name      = "terrane-drift"
    namespace = kubernetes_namespace_v1.drift.metadata[0].name

    annotations = {
      "iam.gke.io/gcp-service-account" = google_service_account.drift.email
    }
  }
}

# Inside the cluster: the kinds of this configuration, to be read, listed and watched. No secrets but those of its own namespace.
resource "kubernetes_cluster_role_v1" "drift" {
  metadata {
    name = "terrane-drift"
  }

  rule {
    api_groups = [""]
    resources  = ["namespaces", "serviceaccounts", "configmaps", "events"]
    verbs      = ["get", "list", "watch"]
  }

  rule {
    api_groups = ["apps"]
    resources  = ["deployments"]
    verbs      = ["get", "list", "watch"]
  }

  rule {
    api_groups = ["rbac.authorization.k8s.io"]
    resources  = ["clusterroles", "clusterrolebindings", "roles", "rolebindings"]
    verbs      = ["get", "list", "watch"]
  }
}

resource "kubernetes_cluster_role_binding_v1" "drift" {
  metadata {
    name = "terrane-drift"
  }

  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = kubernetes_cluster_role_v1.drift.metadata[0].name
  }

  subject {
    api_group = "rbac.authorization.k8s.io"
    kind      = "User"
    name      = google_service_account.drift.email
  }
}

resource "kubernetes_role_v1" "secrets" {
  metadata {
    name      = "terrane-drift"
    namespace = kubernetes_namespace_v1.drift.metadata[0].name
  }

  rule {
    api_groups = [""]
    resources  = ["secrets"]
    verbs      = ["get", "list", "watch"]
  }
}

resource "kubernetes_role_binding_v1" "secrets" {
  metadata {
    name      = "terrane-drift"
    namespace = kubernetes_namespace_v1.drift.metadata[0].name
  }

  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "Role"
    name      = kubernetes_role_v1.secrets.metadata[0].name
  }

  subject {
    api_group = "rbac.authorization.k8s.io"
    kind      = "User"
    name      = google_service_account.drift.email
  }
}

# The configuration that is watched: this one.
resource "kubernetes_config_map_v1" "stack" {
  metadata {
    name      = "stack"
    namespace = kubernetes_namespace_v1.drift.metadata[0].name
  }

  data = { for name in fileset(path.module, "*.tf") : name => file("${path.module}/${name}") }
}

resource "kubernetes_secret_v1" "webhook" {
  metadata {
    name      = "webhook"
    namespace = kubernetes_namespace_v1.drift.metadata[0].name
  }

  data = {
    options = var.webhook == "" ? "" : "-webhook=${var.webhook}"
  }
}

resource "kubernetes_deployment_v1" "drift" {
  metadata {
    name      = "terrane-drift"
    namespace = kubernetes_namespace_v1.drift.metadata[0].name
  }

  spec {
    replicas = 1

    # Two at once would alarm twice.
    strategy {
      type = "Recreate"
    }

    selector {
      match_labels = {
        app = "terrane-drift"
      }
    }

    template {
      metadata {
        labels = {
          app = "terrane-drift"
        }

        annotations = {
          "prometheus.io/scrape" = "true"
          "prometheus.io/port"   = "9464"
        }
      }

      spec {
        service_account_name = kubernetes_service_account_v1.drift.metadata[0].name

        container {
          name  = "terrane"
          image = var.image

          command = ["sh", "-c"]
          args = [
            "cp /stack/*.tf /work && cd /work && exec terrane drift -watch -interval=5m -listen=0.0.0.0:9464 -alarms=/kept/alarms.json $OPTIONS",
          ]

          env {
            name = "OPTIONS"

            value_from {
              secret_key_ref {
                name = kubernetes_secret_v1.webhook.metadata[0].name
                key  = "options"
              }
            }
          }

          port {
            name           = "metrics"
            container_port = 9464
          }

          liveness_probe {
            http_get {
              path = "/healthz"
              port = "metrics"
            }

            initial_delay_seconds = 60
            period_seconds        = 60
          }

          resources {
            requests = {
              cpu    = "50m"
              memory = "64Mi"
            }

            limits = {
              memory = "256Mi"
            }
          }

          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true
            run_as_non_root            = true
            run_as_user                = 65532
          }

          volume_mount {
            name       = "stack"
            mount_path = "/stack"
            read_only  = true
          }

          volume_mount {
            name       = "work"
            mount_path = "/work"
          }

          volume_mount {
            name       = "kept"
            mount_path = "/kept"
          }
        }

        volume {
          name = "stack"

          config_map {
            name = kubernetes_config_map_v1.stack.metadata[0].name
          }
        }

        volume {
          name = "work"
          empty_dir {}
        }

        # What was alarmed outlives the container, and with a claim in its place the pod, too.
        volume {
          name = "kept"
          empty_dir {}
        }

        security_context {
          fs_group = "65532"
        }
      }
    }
  }

  depends_on = [
    google_project_iam_member.drift,
    kubernetes_cluster_role_binding_v1.drift,
    kubernetes_role_binding_v1.secrets,
  ]
}
