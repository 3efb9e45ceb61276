# What no file may hold: the password, in both namespaces that need it. The files name the Secrets, and so come after them.
resource "random_password" "database" {
  length  = 24
  special = false
}

resource "kubernetes_manifest" "postgres" {
  manifest = {
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = { name = "postgres", namespace = "databases" }
    stringData = {
      POSTGRES_DB       = "pollsdb"
      POSTGRES_USER     = "polls_admin"
      POSTGRES_PASSWORD = random_password.database.result
    }
  }
}

resource "kubernetes_manifest" "database" {
  manifest = {
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = { name = "database", namespace = "default" }
    stringData = {
      DATABASE_NAME     = "pollsdb"
      DATABASE_USER     = "polls_admin"
      DATABASE_PASSWORD = random_password.database.result
    }
  }
}

resource "kubernetes_manifests" "database" {
  folder = "${path.module}/k8s/database"

  wait {
    rollout = true
  }

  # Without nodes nothing in the cluster runs.
  depends_on = [google_container_node_pool.pollsapi]
}

resource "kubernetes_manifests" "migrate" {
  path = "${path.module}/k8s/migrate.yaml"

  wait {
    rollout = true
  }

  timeouts {
    create = "10m"
  }

  depends_on = [kubernetes_manifests.database]
}

# These files are as old as the tutorials that they are like: what Kubernetes no longer serves is applied as what it does.
resource "kubernetes_manifests" "app" {
  folder = "${path.module}/k8s/app"

  wait {
    rollout = true
  }

  timeouts {
    create = "20m"
  }

  depends_on = [kubernetes_manifests.migrate]
}

data "kubernetes_ingress_v1" "pollsapi" {
  metadata {
    name = "pollsapi"
  }

  depends_on = [kubernetes_manifests.app]
}
