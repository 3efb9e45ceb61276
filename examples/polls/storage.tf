resource "google_storage_bucket" "static" {
  name                        = var.bucket_name
  location                    = upper(var.region)
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  force_destroy               = true
  labels                      = var.labels

  depends_on = [google_project_service.services]
}

resource "google_storage_bucket_iam_member" "public" {
  count = var.public_static_files ? 1 : 0

  bucket = google_storage_bucket.static.name
  role   = "roles/storage.objectViewer"
  member = "allUsers"
}

resource "google_service_account" "storage" {
  account_id   = "pollsapi-storage"
  display_name = "Writes the static files of pollsapi"

  depends_on = [google_project_service.services]
}

resource "google_storage_bucket_iam_member" "storage" {
  bucket = google_storage_bucket.static.name
  role   = "roles/storage.objectAdmin"
  member = google_service_account.storage.member
}

# The application writes with the S3-style interface: it takes an interoperability key.
resource "google_storage_hmac_key" "storage" {
  service_account_email = google_service_account.storage.email
}

resource "kubernetes_secret_v1" "storage" {
  metadata {
    name = "cloud-storage-secrets"
  }

  data = {
    AWS_ACCESS_KEY_ID     = google_storage_hmac_key.storage.access_id
    AWS_SECRET_ACCESS_KEY = google_storage_hmac_key.storage.secret
    BUCKET_NAME           = google_storage_bucket.static.name
  }
}
