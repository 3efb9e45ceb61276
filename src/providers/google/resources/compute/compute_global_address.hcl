# A global IP address, as an Ingress takes it.
resource "google_compute_global_address" {
  service   = "compute"
  object    = "Address"
  hook      = "labelled"
  id        = "projects/{project}/global/addresses/{name}"
  import    = ["projects/{project}/global/addresses/{name}", "{project}/{name}", "{name}"]
  labels    = "labels"
  operation = compute

  needs = [
    { when = ["create"], permissions = ["compute.globalAddresses.createInternal", "compute.networks.use"], with = "network" },
  ]

  create = { post = "projects/{project}/global/addresses" }
  read   = { get = "projects/{project}/global/addresses/{name}" }
  list   = { get = "projects/{project}/global/addresses?maxResults=500", items = "items", by = "name" }
  discover = { own = [{ member = "name", like = "^(gke-|k8s)", why = "addresses of clusters" }] }
  update = { post = "projects/{project}/global/addresses/{name}/setLabels", how = client }
  delete = { delete = "projects/{project}/global/addresses/{name}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  attributes = {
    name               = { type = string, required = true, replaces = true, api = "name", regex = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$" }
    address            = { type = string, optional = true, computed = true, replaces = true, api = "address" }
    address_type       = { type = string, optional = true, replaces = true, default = "EXTERNAL", one_of = ["EXTERNAL", "INTERNAL"], api = "addressType", suppress = "empty_equals:EXTERNAL" }
    deletion_policy    = { type = string, optional = true, computed = true }
    description        = { type = string, optional = true, replaces = true, api = "description" }
    ip_version         = { type = string, optional = true, replaces = true, one_of = ["IPV4", "IPV6"], api = "ipVersion", suppress = "empty_equals:IPV4" }
    labels             = { type = map(string), optional = true }
    network            = { type = string, optional = true, replaces = true, api = "network", suppress = "self_link_or_name", expand = "projects/{project}/global/networks/{}" }
    prefix_length      = { type = int, optional = true, computed = true, replaces = true, api = "prefixLength" }
    project            = { type = string, optional = true, computed = true, replaces = true, fill = project }
    purpose            = { type = string, optional = true, replaces = true, api = "purpose" }
    creation_timestamp = { type = string, computed = true, api = "creationTimestamp" }
    effective_labels   = { type = map(string), computed = true, api = "labels" }
    label_fingerprint  = { type = string, computed = true, api = "labelFingerprint", volatile = ["effective_labels"] }
    self_link          = { type = string, computed = true, api = "selfLink", kept = ["project", "name"] }
    terraform_labels   = { type = map(string), computed = true }
  }
}
