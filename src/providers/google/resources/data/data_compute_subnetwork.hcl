# A subnetwork that exists.
data "google_compute_subnetwork" {
  service = "compute"
  object  = "Subnetwork"
  hook    = "network_data"
  id      = "projects/{project}/regions/{region/}/subnetworks/{name}"

  read = { get = "projects/{project}/regions/{region/}/subnetworks/{name}" }

  at_least_one_of = [["name", "self_link"]]

  attributes = {
    name                       = { type = string, optional = true, api = "name" }
    self_link                  = { type = string, optional = true, computed = true, api = "selfLink" }
    project                    = { type = string, optional = true, computed = true, fill = project }
    region                     = { type = string, optional = true, computed = true, api = "region", codec = "last_segment", fill = region }
    description                = { type = string, computed = true, api = "description" }
    gateway_address            = { type = string, computed = true, api = "gatewayAddress" }
    internal_ipv6_prefix       = { type = string, computed = true, api = "internalIpv6Prefix" }
    ip_cidr_range              = { type = string, computed = true, api = "ipCidrRange" }
    network                    = { type = string, computed = true, api = "network" }
    private_ip_google_access   = { type = bool, computed = true, api = "privateIpGoogleAccess" }
    subnetwork_id              = { type = int, computed = true, api = "id" }
    external_ipv6_prefix       = { type = string, computed = true, api = "externalIpv6Prefix" }
    ipv6_access_type           = { type = string, computed = true, api = "ipv6AccessType" }
    ipv6_cidr_range            = { type = string, computed = true, api = "ipv6CidrRange" }
    private_ipv6_google_access = { type = string, computed = true, api = "privateIpv6GoogleAccess" }
    purpose                    = { type = string, computed = true, api = "purpose" }
    role                       = { type = string, computed = true, api = "role" }
    stack_type                 = { type = string, computed = true, api = "stackType" }
  }

  block "secondary_ip_range" {
    computed = true
    api      = "secondaryIpRanges"
    attributes = {
      range_name    = { type = string, computed = true, api = "rangeName" }
      ip_cidr_range = { type = string, computed = true, api = "ipCidrRange" }
    }
  }
}
