# A user of the databases of an instance of Cloud SQL. The service never tells a password; users are found in the list of all.
resource "google_sql_user" {
  service   = "sqladmin"
  object    = "User"
  hook      = "sql_user"
  id        = "{name}/{host?}/{instance}"
  import    = ["{project}/{instance}/{name}", "{project}/{instance}/{host}/{name}"]
  inside    = { google_sql_database_instance = "projects/{project}/instances/{instance}" }
  operation = sql
  locks     = ["sql/{project}/{instance}"]

  create = { post = "projects/{project}/instances/{instance}/users" }
  read   = { get = "projects/{project}/instances/{instance}/users", pick = "items", where = { name = "name", host = "host" }, denied_is_gone = true, asleep = "instance is not running" }
  list   = { get = "projects/{project}/instances/{instance}/users", items = "items", by = "name" }
  discover = { own = [{ member = "name", like = "^(root|postgres|sqlserver|mysql\\.sys|cloudsql.*)$", why = "the server's own users" }] }
  update = { put = "projects/{project}/instances/{instance}/users?host={host?}&name={name}", how = whole }
  delete = { delete = "projects/{project}/instances/{instance}/users?host={host?}&name={name}" }
  timeouts = { create = "10m", update = "10m", delete = "10m" }
  schema_version = 1

  attributes = {
    instance            = { type = string, required = true, replaces = true, api = "instance" }
    name                = { type = string, required = true, replaces = true, api = "name", suppress = "sql_iam_user_name" }
    database_roles      = { type = list(string), optional = true, api = "databaseRoles", keep = true }
    deletion_policy     = { type = string, optional = true, computed = true }
    host                = { type = string, optional = true, computed = true, replaces = true, api = "host" }
    password            = { type = string, optional = true, sensitive = true, conflicts_with = ["password_wo"], api = "password", read = none, keep = true }
    password_wo         = { type = string, optional = true, write_only = true, conflicts_with = ["password"], required_with = ["password_wo_version"] }
    password_wo_version = { type = int, optional = true, required_with = ["password_wo"] }
    project             = { type = string, optional = true, computed = true, replaces = true, api = "project", fill = project, write = none }
    type                = { type = string, optional = true, replaces = true, api = "type", suppress = "empty_equals:BUILT_IN" }
    iam_email           = { type = string, computed = true, replaces = true, api = "iamEmail" }
  }

  block "password_policy" {
    optional  = true
    max_items = 1
    api       = "passwordPolicy"
    attributes = {
      allowed_failed_attempts      = { type = int, optional = true, api = "allowedFailedAttempts" }
      enable_failed_attempts_check = { type = bool, optional = true, api = "enableFailedAttemptsCheck" }
      enable_password_verification = { type = bool, optional = true, api = "enablePasswordVerification" }
      password_expiration_duration = { type = string, optional = true, api = "passwordExpirationDuration" }
    }

    block "status" {
      computed = true
      api      = "status"
      attributes = {
        locked                   = { type = bool, computed = true, api = "locked" }
        password_expiration_time = { type = string, computed = true, api = "passwordExpirationTime" }
      }
    }
  }

  block "sql_server_user_details" {
    computed = true
    api      = "sqlserverUserDetails"
    attributes = {
      disabled     = { type = bool, computed = true, api = "disabled" }
      server_roles = { type = list(string), computed = true, api = "serverRoles" }
    }
  }
}
