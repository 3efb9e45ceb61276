# A service (an API) enabled in a project.
resource "google_project_service" {
  service   = "serviceusage"
  object    = "GoogleApiServiceusageV1Service"
  hook      = "project_service"
  id        = "{project}/{service}"
  import    = ["{project}/{service}"]
  operation = standard

  create = { post = "projects/{project}/services/{service}:enable", body = none }
  read   = { get = "projects/{project}/services/{service}" }
  list   = { get = "projects/{project}/services?filter=state:ENABLED&pageSize=200&fields=services/name,nextPageToken", items = "services", by = "name" }
  update = { how = client }
  delete = { post = "projects/{project}/services/{service}:disable" }
  # What each new project has, and what comes along with other services.
  discover = { own = [
    { member = "name", like = "(^|/)(analyticshub|bigquery|bigqueryconnection|bigquerydatapolicy|bigquerydatatransfer|bigquerymigration|bigqueryreservation|bigquerystorage|cloudapis|cloudtrace|dataform|dataplex|datastore|logging|monitoring|servicemanagement|serviceusage|sql-component|storage|storage-api|storage-component|telemetry)[.]googleapis[.]com$", why = "services that each new project has" },
    { member = "name", like = "(^|/)(autoscaling|containerfilesystem|containerregistry|deploymentmanager|gkebackup|iamcredentials|networkconnectivity|oslogin|replicapool|replicapoolupdater|resourceviews)[.]googleapis[.]com$", why = "services that come along with others" },
  ] }
  timeouts = { create = "20m", read = "10m", update = "20m", delete = "20m" }

  attributes = {
    service                    = { type = string, required = true, replaces = true, api = "name", codec = "last_segment", write = none }
    deletion_policy            = { type = string, optional = true, computed = true }
    disable_dependent_services = { type = bool, optional = true }
    disable_on_destroy         = { type = bool, optional = true }
    project                    = { type = string, optional = true, computed = true, replaces = true, suppress = "last_path_segment", fill = project }
  }
}
