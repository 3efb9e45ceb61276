# A zone of Cloud DNS. It can be removed once it holds no more than the records of its own top (`force_destroy` sees to it).
resource "google_dns_managed_zone" {
  service = "dns"
  object  = "ManagedZone"
  hook    = "managed_zone"
  id      = "projects/{project}/managedZones/{name}"
  import  = ["projects/{project}/managedZones/{name}", "{project}/{name}", "{name}"]
  labels  = "labels"

  needs = [
    { when = ["create", "update"], permissions = ["dns.networks.bindPrivateDNSZone"], with = "private_visibility_config" },
    { when = ["delete"], permissions = ["dns.changes.create", "dns.changes.get", "dns.resourceRecordSets.create", "dns.resourceRecordSets.delete", "dns.resourceRecordSets.list", "dns.resourceRecordSets.update"], with = "force_destroy" },
  ]

  create = { post = "projects/{project}/managedZones" }
  read   = { get = "projects/{project}/managedZones/{name}" }
  list   = { get = "projects/{project}/managedZones?maxResults=100", items = "managedZones", by = "name" }
  update = { put = "projects/{project}/managedZones/{name}", how = whole }
  delete = { delete = "projects/{project}/managedZones/{name}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }
  at_least_one_of = [
    ["dnssec_config.default_key_specs", "dnssec_config.kind", "dnssec_config.non_existence", "dnssec_config.state"],
  ]

  attributes = {
    dns_name         = { type = string, required = true, replaces = true, api = "dnsName", regex = "\\.$" }
    name             = { type = string, required = true, replaces = true, api = "name" }
    deletion_policy  = { type = string, optional = true, computed = true }
    description      = { type = string, optional = true, default = "Managed by Terraform", api = "description", length = [1, 1024] }
    force_destroy    = { type = bool, optional = true, default = false }
    labels           = { type = map(string), optional = true }
    project          = { type = string, optional = true, computed = true, replaces = true, fill = project }
    visibility       = { type = string, optional = true, replaces = true, default = "public", one_of = ["private", "public"], api = "visibility", suppress = "case_insensitive" }
    creation_time    = { type = string, computed = true, api = "creationTime" }
    effective_labels = { type = map(string), computed = true, api = "labels" }
    managed_zone_id  = { type = int, computed = true, api = "id" }
    name_servers     = { type = list(string), computed = true, api = "nameServers" }
    terraform_labels = { type = map(string), computed = true }
  }

  block "cloud_logging_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "cloudLoggingConfig"
    attributes = {
      enable_logging = { type = bool, required = true, api = "enableLogging" }
    }
  }

  block "dnssec_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "dnssecConfig"
    attributes = {
      kind          = { type = string, optional = true, default = "dns#managedZoneDnsSecConfig", api = "kind" }
      non_existence = { type = string, optional = true, computed = true, one_of = ["nsec", "nsec3"], api = "nonExistence" }
      state         = { type = string, optional = true, one_of = ["off", "on", "transfer"], api = "state" }
    }

    block "default_key_specs" {
      optional = true
      computed = true
      api      = "defaultKeySpecs"
      attributes = {
        algorithm  = { type = string, optional = true, one_of = ["ecdsap256sha256", "ecdsap384sha384", "rsasha1", "rsasha256", "rsasha512"], api = "algorithm" }
        key_length = { type = int, optional = true, api = "keyLength" }
        key_type   = { type = string, optional = true, one_of = ["keySigning", "zoneSigning"], api = "keyType" }
        kind       = { type = string, optional = true, default = "dns#dnsKeySpec", api = "kind" }
      }
    }
  }

  block "forwarding_config" {
    optional  = true
    max_items = 1
    api       = "forwardingConfig"

    block "target_name_servers" {
      required = true
      kind     = set
      api      = "targetNameServers"
      attributes = {
        domain_name     = { type = string, optional = true, api = "domainName" }
        forwarding_path = { type = string, optional = true, one_of = ["default", "private"], api = "forwardingPath" }
        ipv4_address    = { type = string, optional = true, api = "ipv4Address" }
        ipv6_address    = { type = string, optional = true, api = "ipv6Address" }
      }
    }
  }

  block "peering_config" {
    optional  = true
    max_items = 1
    api       = "peeringConfig"

    block "target_network" {
      required  = true
      max_items = 1
      api       = "targetNetwork"
      attributes = {
        network_url = { type = string, required = true, api = "networkUrl", suppress = "self_link_or_name" }
      }
    }
  }

  block "private_visibility_config" {
    optional  = true
    max_items = 1
    api       = "privateVisibilityConfig"

    block "gke_clusters" {
      optional = true
      api      = "gkeClusters"
      attributes = {
        gke_cluster_name = { type = string, required = true, api = "gkeClusterName" }
      }
    }

    block "networks" {
      optional = true
      kind     = set
      api      = "networks"
      attributes = {
        network_url = { type = string, required = true, api = "networkUrl", suppress = "self_link_or_name" }
      }
    }
  }
}
