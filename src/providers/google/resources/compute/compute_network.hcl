# A VPC network.
resource "google_compute_network" {
  service   = "compute"
  object    = "Network"
  hook      = "network"
  id        = "projects/{project}/global/networks/{name}"
  import    = ["projects/{project}/global/networks/{name}", "{project}/{name}", "{name}"]
  operation = compute

  needs = [
    { when = ["create"], permissions = ["compute.networks.updatePolicy", "compute.routes.delete", "compute.routes.list"], with = "delete_default_routes_on_create" },
  ]

  create = { post = "projects/{project}/global/networks" }
  read   = { get = "projects/{project}/global/networks/{name}" }
  list   = { get = "projects/{project}/global/networks?maxResults=500", items = "items", by = "name" }
  discover = { own = [{ member = "name", like = "^default$", why = "the default network is Google's" }] }
  update = { patch = "projects/{project}/global/networks/{name}", how = merge }
  delete = { delete = "projects/{project}/global/networks/{name}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  attributes = {
    name                                      = { type = string, required = true, replaces = true, api = "name", regex = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$" }
    auto_create_subnetworks                   = { type = bool, optional = true, replaces = true, default = true, api = "autoCreateSubnetworks" }
    bgp_always_compare_med                    = { type = bool, optional = true, computed = true, api = "routingConfig.bgpAlwaysCompareMed" }
    bgp_best_path_selection_mode              = { type = string, optional = true, computed = true, one_of = ["LEGACY", "STANDARD"], api = "routingConfig.bgpBestPathSelectionMode" }
    bgp_inter_region_cost                     = { type = string, optional = true, computed = true, one_of = ["DEFAULT", "ADD_COST_TO_MED"], api = "routingConfig.bgpInterRegionCost" }
    delete_bgp_always_compare_med             = { type = bool, optional = true, default = false }
    delete_default_routes_on_create           = { type = bool, optional = true, default = false }
    deletion_policy                           = { type = string, optional = true, computed = true }
    description                               = { type = string, optional = true, replaces = true, api = "description" }
    enable_ula_internal_ipv6                  = { type = bool, optional = true, api = "enableUlaInternalIpv6" }
    internal_ipv6_range                       = { type = string, optional = true, computed = true, replaces = true, api = "internalIpv6Range" }
    mtu                                       = { type = int, optional = true, computed = true, api = "mtu" }
    network_firewall_policy_enforcement_order = { type = string, optional = true, default = "AFTER_CLASSIC_FIREWALL", one_of = ["BEFORE_CLASSIC_FIREWALL", "AFTER_CLASSIC_FIREWALL"], api = "networkFirewallPolicyEnforcementOrder" }
    network_profile                           = { type = string, optional = true, replaces = true, api = "networkProfile", suppress = "self_link" }
    project                                   = { type = string, optional = true, computed = true, replaces = true, fill = project }
    routing_mode                              = { type = string, optional = true, computed = true, one_of = ["REGIONAL", "GLOBAL"], api = "routingConfig.routingMode" }
    gateway_ipv4                              = { type = string, computed = true, api = "gatewayIPv4" }
    network_id                                = { type = string, computed = true, api = "id" }
    numeric_id                                = { type = string, computed = true, api = "id" }
    self_link                                 = { type = string, computed = true, api = "selfLink", kept = ["project", "name"] }
  }

  block "params" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "params"
    read      = none
    keep      = true
    attributes = {
      resource_manager_tags = { type = map(string), optional = true, replaces = true, api = "resourceManagerTags" }
    }
  }
}
