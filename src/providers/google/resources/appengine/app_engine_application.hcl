# The application of App Engine that a project may have. It is never removed, and never moves.
resource "google_app_engine_application" {
  service   = "appengine"
  object    = "Application"
  hook      = "app"
  id        = "{project}"
  import    = ["{project}"]
  operation = standard

  create = { post = "apps" }
  discover = { never = "there is no list of it" }
  read   = { get = "apps/{project}" }
  update = { patch = "apps/{project}", how = query_mask }
  timeouts = { create = "4m", update = "4m" }

  attributes = {
    location_id      = { type = string, required = true, api = "locationId" }
    auth_domain      = { type = string, optional = true, computed = true, api = "authDomain" }
    database_type    = { type = string, optional = true, computed = true, one_of = ["CLOUD_FIRESTORE", "CLOUD_DATASTORE_COMPATIBILITY", "CLOUD_DATASTORE"], api = "databaseType" }
    project          = { type = string, optional = true, computed = true, replaces = true, api = "id", fill = project }
    serving_status   = { type = string, optional = true, computed = true, one_of = ["UNSPECIFIED", "SERVING", "USER_DISABLED", "SYSTEM_DISABLED"], api = "servingStatus" }
    ssl_policy       = { type = string, optional = true, computed = true, one_of = ["SSL_POLICY_UNSPECIFIED", "DEFAULT", "MODERN"], api = "sslPolicy" }
    app_id           = { type = string, computed = true, api = "id" }
    code_bucket      = { type = string, computed = true, api = "codeBucket" }
    default_bucket   = { type = string, computed = true, api = "defaultBucket" }
    default_hostname = { type = string, computed = true, api = "defaultHostname" }
    gcr_domain       = { type = string, computed = true, api = "gcrDomain" }
    name             = { type = string, computed = true, api = "name" }
  }

  block "feature_settings" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "featureSettings"
    attributes = {
      split_health_checks = { type = bool, required = true, api = "splitHealthChecks" }
    }
  }

  block "iap" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "iap"
    attributes = {
      oauth2_client_id            = { type = string, required = true, api = "oauth2ClientId" }
      oauth2_client_secret        = { type = string, required = true, sensitive = true, api = "oauth2ClientSecret", keep = true }
      enabled                     = { type = bool, optional = true, default = false, api = "enabled" }
      oauth2_client_secret_sha256 = { type = string, computed = true, sensitive = true, api = "oauth2ClientSecretSha256" }
    }
  }

  block "url_dispatch_rule" {
    computed = true
    api      = "dispatchRules"
    attributes = {
      domain  = { type = string, computed = true, api = "domain" }
      path    = { type = string, computed = true, api = "path" }
      service = { type = string, computed = true, api = "service" }
    }
  }
}
