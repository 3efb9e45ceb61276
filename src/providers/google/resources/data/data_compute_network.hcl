# A VPC network that exists.
data "google_compute_network" {
  service = "compute"
  object  = "Network"
  hook    = "network_data"
  id      = "projects/{project}/global/networks/{name}"

  read = { get = "projects/{project}/global/networks/{name}" }

  at_least_one_of = [["name", "self_link"]]

  attributes = {
    name                   = { type = string, optional = true, computed = true, api = "name" }
    self_link              = { type = string, optional = true, computed = true, api = "selfLink" }
    project                = { type = string, optional = true, computed = true, fill = project }
    network_profile        = { type = string, optional = true, api = "networkProfile" }
    description            = { type = string, computed = true, api = "description" }
    gateway_ipv4           = { type = string, computed = true, api = "gatewayIPv4" }
    internal_ipv6_range    = { type = string, computed = true, api = "internalIpv6Range" }
    network_id             = { type = int, computed = true, api = "id" }
    numeric_id             = { type = string, computed = true, api = "id", deprecated = "Use network_id." }
    subnetworks_self_links = { type = list(string), computed = true, api = "subnetworks" }
  }
}
