# A range of a VPC network in a region.
resource "google_compute_subnetwork" {
  service   = "compute"
  object    = "Subnetwork"
  hook      = "subnetwork"
  id        = "projects/{project}/regions/{region/}/subnetworks/{name}"
  import    = ["projects/{project}/regions/{region}/subnetworks/{name}", "{project}/{region}/{name}", "{region}/{name}", "{name}"]
  operation = compute

  needs = [
    { when = ["create", "delete"], permissions = ["compute.networks.updatePolicy"], at = "network" },
  ]

  create = { post = "projects/{project}/regions/{region/}/subnetworks" }
  read   = { get = "projects/{project}/regions/{region/}/subnetworks/{name}" }
  list   = { get = "projects/{project}/regions/{region/}/subnetworks?maxResults=500", items = "items", by = "name" }
  discover = { get = "projects/{project}/aggregated/subnetworks?maxResults=500&returnPartialSuccess=true", items = "subnetworks", aggregated = true, own = [{ member = "name", like = "^default$", why = "ranges of the default network" }] }
  update = { patch = "projects/{project}/regions/{region/}/subnetworks/{name}", how = fields, precondition = "fingerprint" }
  delete = { delete = "projects/{project}/regions/{region/}/subnetworks/{name}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  at_least_one_of = [["log_config.aggregation_interval", "log_config.filter_expr", "log_config.flow_sampling", "log_config.metadata"]]

  rpc "expand" {
    post = "projects/{project}/regions/{region/}/subnetworks/{name}/expandIpCidrRange"
  }

  rpc "set_private_access" {
    post = "projects/{project}/regions/{region/}/subnetworks/{name}/setPrivateIpGoogleAccess"
  }

  attributes = {
    name                             = { type = string, required = true, replaces = true, api = "name", regex = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$" }
    network                          = { type = string, required = true, replaces = true, api = "network", suppress = "self_link_or_name", expand = "projects/{project}/global/networks/{}" }
    allow_subnet_cidr_routes_overlap = { type = bool, optional = true, computed = true, api = "allowSubnetCidrRoutesOverlap", update = { rpc = "update", field = "allowSubnetCidrRoutesOverlap", group = "settings" } }
    deletion_policy                  = { type = string, optional = true, computed = true }
    description                      = { type = string, optional = true, replaces = true, api = "description" }
    external_ipv6_prefix             = { type = string, optional = true, computed = true, replaces = true, api = "externalIpv6Prefix", volatile = ["ipv6_access_type", "stack_type"] }
    internal_ipv6_prefix             = { type = string, optional = true, computed = true, replaces = true, api = "internalIpv6Prefix", suppress = "ip_representation" }
    ip_cidr_range                    = { type = string, optional = true, computed = true, api = "ipCidrRange", update = { rpc = "expand", field = "ipCidrRange" } }
    ip_collection                    = { type = string, optional = true, api = "ipCollection", suppress = "self_link_or_name", update = { rpc = "update", field = "ipCollection", group = "settings", absent = "" } }
    ipv6_access_type                 = { type = string, optional = true, one_of = ["EXTERNAL", "INTERNAL"], api = "ipv6AccessType", suppress = "keep_when_removed", update = { rpc = "update", field = "ipv6AccessType", group = "settings" } }
    private_ip_google_access         = { type = bool, optional = true, computed = true, api = "privateIpGoogleAccess", update = { rpc = "set_private_access", field = "privateIpGoogleAccess" } }
    private_ipv6_google_access       = { type = string, optional = true, computed = true, api = "privateIpv6GoogleAccess", update = { rpc = "update", field = "privateIpv6GoogleAccess", group = "settings" } }
    project                          = { type = string, optional = true, computed = true, replaces = true, fill = project }
    purpose                          = { type = string, optional = true, computed = true, api = "purpose", update = { rpc = "update", field = "purpose" } }
    region                           = { type = string, optional = true, computed = true, replaces = true, api = "region", suppress = "self_link_or_name", codec = "last_segment", write = none, fill = region }
    reserved_internal_range          = { type = string, optional = true, replaces = true, api = "reservedInternalRange", suppress = "self_link_or_name" }
    resolve_subnet_mask              = { type = string, optional = true, replaces = true, one_of = ["ARP_ALL_RANGES", "ARP_PRIMARY_RANGE", "ARP_BROADCAST_PRIMARY_RANGE", "ARP_BROADCAST_PRIMARY_RANGE_WITH_LEARNING"], api = "resolveSubnetMask" }
    role                             = { type = string, optional = true, one_of = ["ACTIVE", "BACKUP"], api = "role", suppress = "keep_when_removed", update = { rpc = "update", field = "role" } }
    send_secondary_ip_range_if_empty = { type = bool, optional = true }
    stack_type                       = { type = string, optional = true, computed = true, one_of = ["IPV4_ONLY", "IPV4_IPV6", "IPV6_ONLY"], api = "stackType", update = { rpc = "update", field = "stackType", group = "settings" } }
    creation_timestamp               = { type = string, computed = true, api = "creationTimestamp" }
    fingerprint                      = { type = string, computed = true, api = "fingerprint", deprecated = "It is read before each change.", volatile = true }
    gateway_address                  = { type = string, computed = true, api = "gatewayAddress", kept = ["ip_cidr_range"] }
    ipv6_cidr_range                  = { type = string, computed = true, api = "ipv6CidrRange" }
    ipv6_gce_endpoint                = { type = string, computed = true, api = "ipv6GceEndpoint" }
    self_link                        = { type = string, computed = true, api = "selfLink", kept = ["project", "region", "name"] }
    state                            = { type = string, computed = true, api = "state" }
    subnetwork_id                    = { type = int, computed = true, api = "id" }
  }

  block "log_config" {
    optional  = true
    max_items = 1
    api       = "logConfig"
    present   = "enable"
    update    = { rpc = "update", field = "logConfig", absent = { enable = false } }
    attributes = {
      aggregation_interval = { type = string, optional = true, default = "INTERVAL_5_SEC", one_of = ["INTERVAL_5_SEC", "INTERVAL_30_SEC", "INTERVAL_1_MIN", "INTERVAL_5_MIN", "INTERVAL_10_MIN", "INTERVAL_15_MIN"], api = "aggregationInterval" }
      filter_expr          = { type = string, optional = true, default = "true", api = "filterExpr" }
      flow_sampling        = { type = float, optional = true, default = 0.5, api = "flowSampling" }
      metadata             = { type = string, optional = true, default = "INCLUDE_ALL_METADATA", one_of = ["EXCLUDE_ALL_METADATA", "INCLUDE_ALL_METADATA", "CUSTOM_METADATA"], api = "metadata" }
      metadata_fields      = { type = set(string), optional = true, api = "metadataFields" }
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
      resource_manager_tags = { type = map(string), optional = true, replaces = true, api = "resourceManagerTags", keep = true }
    }
  }

  block "secondary_ip_range" {
    optional = true
    computed = true
    api      = "secondaryIpRanges"
    suppress = "set_semantics"
    update   = { rpc = "update", field = "secondaryIpRanges" }
    attributes = {
      range_name              = { type = string, required = true, api = "rangeName", regex = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$" }
      ip_cidr_range           = { type = string, optional = true, computed = true, api = "ipCidrRange" }
      reserved_internal_range = { type = string, optional = true, api = "reservedInternalRange", suppress = "self_link_or_name" }
    }
  }
}
