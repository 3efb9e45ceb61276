# An IP address of a region.
resource "google_compute_address" {
  service   = "compute"
  object    = "Address"
  hook      = "labelled"
  id        = "projects/{project}/regions/{region/}/addresses/{name}"
  import    = ["projects/{project}/regions/{region}/addresses/{name}", "{project}/{region}/{name}", "{region}/{name}", "{name}"]
  labels    = "labels"
  operation = compute

  needs = [
    { when = ["create"], permissions = ["compute.addresses.createInternal", "compute.subnetworks.use"], with = "subnetwork" },
    { when = ["create"], permissions = ["compute.networks.use"], with = "network" },
  ]

  create = { post = "projects/{project}/regions/{region/}/addresses" }
  read   = { get = "projects/{project}/regions/{region/}/addresses/{name}" }
  list   = { get = "projects/{project}/regions/{region/}/addresses?maxResults=500", items = "items", by = "name" }
  discover = { get = "projects/{project}/aggregated/addresses?maxResults=500&returnPartialSuccess=true", items = "addresses", aggregated = true, own = [{ member = "name", like = "^(gke-|k8s-|nat-auto-ip-)", why = "addresses of clusters and gateways" }] }
  update = { post = "projects/{project}/regions/{region/}/addresses/{name}/setLabels", how = client }
  delete = { delete = "projects/{project}/regions/{region/}/addresses/{name}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  attributes = {
    name               = { type = string, required = true, replaces = true, api = "name", regex = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$" }
    address            = { type = string, optional = true, computed = true, replaces = true, api = "address" }
    address_type       = { type = string, optional = true, replaces = true, default = "EXTERNAL", one_of = ["INTERNAL", "EXTERNAL"], api = "addressType", suppress = "empty_equals:EXTERNAL" }
    deletion_policy    = { type = string, optional = true, computed = true }
    description        = { type = string, optional = true, replaces = true, api = "description" }
    ip_collection      = { type = string, optional = true, replaces = true, api = "ipCollection", suppress = "self_link" }
    ip_version         = { type = string, optional = true, replaces = true, one_of = ["IPV4", "IPV6"], api = "ipVersion", suppress = "empty_equals:IPV4" }
    ipv6_endpoint_type = { type = string, optional = true, replaces = true, one_of = ["VM", "NETLB"], api = "ipv6EndpointType" }
    labels             = { type = map(string), optional = true }
    network            = { type = string, optional = true, replaces = true, api = "network", suppress = "self_link_or_name", expand = "projects/{project}/global/networks/{}" }
    network_tier       = { type = string, optional = true, computed = true, replaces = true, one_of = ["PREMIUM", "STANDARD"], api = "networkTier" }
    prefix_length      = { type = int, optional = true, computed = true, replaces = true, api = "prefixLength" }
    project            = { type = string, optional = true, computed = true, replaces = true, fill = project }
    purpose            = { type = string, optional = true, computed = true, replaces = true, api = "purpose" }
    region             = { type = string, optional = true, computed = true, replaces = true, api = "region", codec = "last_segment", write = none, suppress = "self_link_or_name", fill = region }
    subnetwork         = { type = string, optional = true, computed = true, replaces = true, api = "subnetwork", suppress = "self_link_or_name", expand = "projects/{project}/regions/{region/}/subnetworks/{}" }
    address_id         = { type = string, computed = true, api = "id" }
    creation_timestamp = { type = string, computed = true, api = "creationTimestamp" }
    effective_labels   = { type = map(string), computed = true, api = "labels" }
    label_fingerprint  = { type = string, computed = true, api = "labelFingerprint", volatile = ["effective_labels"] }
    self_link          = { type = string, computed = true, api = "selfLink", kept = ["project", "region", "name"] }
    terraform_labels   = { type = map(string), computed = true }
    users              = { type = list(string), computed = true, api = "users", volatile = [] }
  }
}
