# A table of Bigtable. Each of its settings is changed alone, its families by a call of their own (the hook).
resource "google_bigtable_table" {
  service   = "bigtableadmin"
  object    = "Table"
  hook      = "bigtable_table"
  id        = "projects/{project}/instances/{instance_name/}/tables/{name}"
  import    = ["projects/{project}/instances/{instance_name}/tables/{name}", "{project}/{instance_name}/{name}", "{instance_name}/{name}"]
  inside    = { google_bigtable_instance = "projects/{project}/instances/{instance_name/}" }
  operation = standard

  create = { post = "projects/{project}/instances/{instance_name/}/tables", body = "table", with = { tableId = "{name}" } }
  read   = { get = "projects/{project}/instances/{instance_name/}/tables/{name}?view=FULL" }
  discover = { get = "projects/{project}/instances/{instance_name/}/tables?view=NAME_ONLY", items = "tables", of = { google_bigtable_instance = "projects/{project}/instances/{instance_name}" } }
  update = { patch = "projects/{project}/instances/{instance_name/}/tables/{name}", how = query_mask }
  delete = { delete = "projects/{project}/instances/{instance_name/}/tables/{name}" }
  rpc "families" { post = "projects/{project}/instances/{instance_name/}/tables/{name}:modifyColumnFamilies" }
  timeouts = { create = "45m", update = "20m" }

  attributes = {
    instance_name           = { type = string, required = true, replaces = true, suppress = "last_path_segment" }
    name                    = { type = string, required = true, replaces = true, api = "name", codec = "last_segment", write = none }
    change_stream_retention = { type = string, optional = true, computed = true, api = "changeStreamConfig.retentionPeriod", codec = "go_duration", suppress = "duration" }
    deletion_policy         = { type = string, optional = true, computed = true }
    deletion_protection     = { type = string, optional = true, computed = true, one_of = ["PROTECTED", "UNPROTECTED"], api = "deletionProtection", codec = "choice:PROTECTED|UNPROTECTED" }
    project                 = { type = string, optional = true, computed = true, replaces = true, fill = project }
    row_key_schema          = { type = string, optional = true, api = "rowKeySchema", suppress = "json_semantic", codec = "json" }
    split_keys              = { type = list(string), optional = true, replaces = true }
  }

  block "automated_backup_policy" {
    optional  = true
    computed  = true
    kind      = set
    max_items = 1
    api       = "automatedBackupPolicy"
    attributes = {
      frequency        = { type = string, optional = true, computed = true, api = "frequency", codec = "go_duration", suppress = "duration" }
      locations        = { type = list(string), optional = true, computed = true, api = "locations" }
      retention_period = { type = string, optional = true, computed = true, api = "retentionPeriod", codec = "go_duration", suppress = "duration" }
    }
  }

  block "column_family" {
    optional = true
    kind     = set
    api      = "columnFamilies"
    keyed    = "family"
    attributes = {
      family = { type = string, required = true, api = "family", write = none }
      type   = { type = string, optional = true, suppress = "aggregate", api = "valueType", codec = "aggregate" }
    }
  }
}
