# A rule of a VPC network's firewall.
resource "google_compute_firewall" {
  service        = "compute"
  object         = "Firewall"
  hook           = "firewall"
  schema_version = 1
  id             = "projects/{project}/global/firewalls/{name}"
  import         = ["projects/{project}/global/firewalls/{name}", "{project}/{name}", "{name}"]
  operation      = compute

  create = { post = "projects/{project}/global/firewalls" }
  read   = { get = "projects/{project}/global/firewalls/{name}" }
  list   = { get = "projects/{project}/global/firewalls?maxResults=500", items = "items", by = "name" }
  discover = { own = [{ member = "name", like = "^(default-allow-|gke-|k8s-)", why = "rules of the default network and of clusters" }] }
  update = { patch = "projects/{project}/global/firewalls/{name}", how = merge }
  delete = { delete = "projects/{project}/global/firewalls/{name}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  exactly_one_of = [["allow", "deny"]]

  attributes = {
    name                    = { type = string, required = true, replaces = true, api = "name", regex = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$" }
    network                 = { type = string, required = true, api = "network", suppress = "self_link_or_name", expand = "projects/{project}/global/networks/{}" }
    deletion_policy         = { type = string, optional = true, computed = true }
    description             = { type = string, optional = true, api = "description" }
    destination_ranges      = { type = set(string), optional = true, computed = true, api = "destinationRanges", suppress = "address_set" }
    direction               = { type = string, optional = true, computed = true, replaces = true, one_of = ["INGRESS", "EGRESS"], api = "direction" }
    disabled                = { type = bool, optional = true, api = "disabled" }
    enable_logging          = { type = bool, optional = true, computed = true, api = "logConfig.enable", deprecated = "Use the block log_config.", read = none, keep = true }
    priority                = { type = int, optional = true, default = 1000, min = 0, max = 65535, api = "priority" }
    project                 = { type = string, optional = true, computed = true, replaces = true, fill = project }
    source_ranges           = { type = set(string), optional = true, api = "sourceRanges", suppress = "address_set" }
    source_service_accounts = { type = set(string), optional = true, conflicts_with = ["source_tags", "target_tags"], max_items = 10, api = "sourceServiceAccounts" }
    source_tags             = { type = set(string), optional = true, conflicts_with = ["source_service_accounts", "target_service_accounts"], api = "sourceTags" }
    target_service_accounts = { type = set(string), optional = true, conflicts_with = ["source_tags", "target_tags"], max_items = 10, api = "targetServiceAccounts" }
    target_tags             = { type = set(string), optional = true, conflicts_with = ["source_service_accounts", "target_service_accounts"], api = "targetTags" }
    creation_timestamp      = { type = string, computed = true, api = "creationTimestamp" }
    self_link               = { type = string, computed = true, api = "selfLink", kept = ["project", "name"] }
  }

  block "allow" {
    optional = true
    kind     = set
    api      = "allowed"
    attributes = {
      protocol = { type = string, required = true, api = "IPProtocol", suppress = "case_insensitive" }
      ports    = { type = list(string), optional = true, api = "ports" }
    }
  }

  block "deny" {
    optional = true
    kind     = set
    api      = "denied"
    attributes = {
      protocol = { type = string, required = true, api = "IPProtocol", suppress = "case_insensitive" }
      ports    = { type = list(string), optional = true, api = "ports" }
    }
  }

  block "log_config" {
    optional  = true
    max_items = 1
    api       = "logConfig"
    present   = "enable"
    attributes = {
      metadata = { type = string, required = true, one_of = ["EXCLUDE_ALL_METADATA", "INCLUDE_ALL_METADATA"], api = "metadata" }
    }
  }

  block "params" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "params"
    read      = none
    keep      = true
    attributes = {
      resource_manager_tags = { type = map(string), optional = true, api = "resourceManagerTags", keep = true }
    }
  }
}
