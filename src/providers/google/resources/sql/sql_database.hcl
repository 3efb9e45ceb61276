# A database of an instance of Cloud SQL.
resource "google_sql_database" {
  service   = "sqladmin"
  object    = "Database"
  id        = "projects/{project}/instances/{instance}/databases/{name}"
  import    = ["projects/{project}/instances/{instance}/databases/{name}", "instances/{instance}/databases/{name}", "{project}/{instance}/{name}", "{instance}/{name}"]
  inside    = { google_sql_database_instance = "projects/{project}/instances/{instance}" }
  operation = sql
  locks     = ["sql/{project}/{instance}"]

  create = { post = "projects/{project}/instances/{instance}/databases" }
  read   = { get = "projects/{project}/instances/{instance}/databases/{name}", denied_is_gone = true, asleep = "instance is not running" }
  list   = { get = "projects/{project}/instances/{instance}/databases", items = "items", by = "name" }
  discover = { own = [{ member = "name", like = "^(mysql|information_schema|performance_schema|sys|postgres|master|model|msdb|tempdb)$", why = "the server's own databases" }] }
  update = { put = "projects/{project}/instances/{instance}/databases/{name}", how = whole }
  delete = { delete = "projects/{project}/instances/{instance}/databases/{name}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  attributes = {
    instance        = { type = string, required = true, replaces = true, api = "instance" }
    name            = { type = string, required = true, replaces = true, api = "name" }
    charset         = { type = string, optional = true, computed = true, api = "charset", suppress = "case_insensitive" }
    collation       = { type = string, optional = true, computed = true, api = "collation" }
    deletion_policy = { type = string, optional = true, computed = true }
    project         = { type = string, optional = true, computed = true, replaces = true, api = "project", fill = project, write = none }
    self_link       = { type = string, computed = true, api = "selfLink", kept = ["project", "instance", "name"] }
  }
}
