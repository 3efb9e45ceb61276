locals {
  database = {
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

# The chart makes the password by itself, and keeps it.
resource "helm_release" "pollsdb" {
  name      = "pollsdb"
  chart     = "${path.module}/charts/postgresql"
  namespace = kubernetes_namespace_v1.databases.metadata[0].name

  values = [yamlencode({
    auth = {
      database = local.database.name
      username = local.database.user
    }
    storage = var.storage
  })]
}

# What the chart has made is there when the chart is: this is read in the apply.
data "kubernetes_secret_v1" "pollsdb" {
  metadata {
    name      = "pollsdb-postgresql"
    namespace = kubernetes_namespace_v1.databases.metadata[0].name
  }

  depends_on = [helm_release.pollsdb]
}

# The same password where the application can read it: a Secret is seen in its own namespace only.
resource "kubernetes_secret_v1" "pollsdb" {
  metadata {
    name      = "pollsdb-postgresql"
    namespace = "default"
  }

  data = {
    "postgres-password" = data.kubernetes_secret_v1.pollsdb.data["postgres-password"]
  }
}
