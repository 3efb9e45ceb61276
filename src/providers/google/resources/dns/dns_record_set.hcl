# A set of records of one name and type. Sets are changed by changes of their zone: what stands goes, what is wanted comes, in one.
resource "google_dns_record_set" {
  service = "dns"
  object  = "ResourceRecordSet"
  hook    = "record_set"
  id      = "projects/{project}/managedZones/{managed_zone/}/rrsets/{name}/{type}"
  import  = ["projects/{project}/managedZones/{managed_zone}/rrsets/{name}/{type}", "{project}/{managed_zone}/{name}/{type}", "{managed_zone}/{name}/{type}"]
  inside  = { google_dns_managed_zone = "projects/{project}/managedZones/{managed_zone/}" }
  goes_if = "force_destroy"

  needs = [
    { when = ["create", "update", "delete"], permissions = ["dns.changes.get", "dns.managedZones.get"] },
  ]

  create = { post = "projects/{project}/managedZones/{managed_zone/}/changes" }
  read   = { get = "projects/{project}/managedZones/{managed_zone/}/rrsets?name={name}&type={type}", pick = "rrsets", where = { name = "name", type = "type" } }
  list   = { get = "projects/{project}/managedZones/{managed_zone/}/rrsets?maxResults=1000", items = "rrsets", by = "name" }
  discover = { own = [{ member = "type", like = "^SOA$", why = "the zone's own records" }, { member = "type", like = "^NS$", same = { name = "dns_name" }, why = "the zone's own records" }] }
  update = { post = "projects/{project}/managedZones/{managed_zone/}/changes", how = whole }
  delete = { post = "projects/{project}/managedZones/{managed_zone/}/changes" }
  exactly_one_of = [
    ["rrdatas", "routing_policy"],
    ["routing_policy.wrr", "routing_policy.geo", "routing_policy.primary_backup"],
  ]

  attributes = {
    managed_zone    = { type = string, required = true, replaces = true, suppress = "self_link_or_name" }
    name            = { type = string, required = true, replaces = true, api = "name", regex = "\\.$" }
    type            = { type = string, required = true, api = "type" }
    deletion_policy = { type = string, optional = true, computed = true }
    project         = { type = string, optional = true, computed = true, replaces = true, fill = project }
    rrdatas         = { type = list(string), optional = true, api = "rrdatas", suppress = "dns_rrdata" }
    ttl             = { type = int, optional = true, api = "ttl" }
  }

  block "routing_policy" {
    optional  = true
    max_items = 1
    api       = "routingPolicy"
    attributes = {
      enable_geo_fencing = { type = bool, optional = true, conflicts_with = ["routing_policy.wrr", "routing_policy.primary_backup"], api = "geo.enableFencing" }
      health_check       = { type = string, optional = true, replaces = true, api = "healthCheck" }
    }

    block "geo" {
      optional = true
      api      = "geo.items"
      attributes = {
        location = { type = string, required = true, api = "location" }
        rrdatas  = { type = list(string), optional = true, api = "rrdatas" }
      }

      block "health_checked_targets" {
        optional  = true
        max_items = 1
        api       = "healthCheckedTargets"
        shared    = "health_checked_targets"
      }
    }

    block "primary_backup" {
      optional       = true
      max_items      = 1
      conflicts_with = ["routing_policy.enable_geo_fencing"]
      api            = "primaryBackup"
      attributes = {
        enable_geo_fencing_for_backups = { type = bool, optional = true, api = "backupGeoTargets.enableFencing" }
        trickle_ratio                  = { type = float, optional = true, api = "trickleTraffic" }
      }

      block "backup_geo" {
        required = true
        api      = "backupGeoTargets.items"
        attributes = {
          location = { type = string, required = true, api = "location" }
          rrdatas  = { type = list(string), optional = true, api = "rrdatas" }
        }

        block "health_checked_targets" {
          optional  = true
          max_items = 1
          api       = "healthCheckedTargets"
          shared    = "health_checked_targets"
        }
      }

      block "primary" {
        required  = true
        max_items = 1
        api       = "primaryTargets"
        shared    = "health_checked_targets"
      }
    }

    block "wrr" {
      optional       = true
      conflicts_with = ["routing_policy.enable_geo_fencing"]
      api            = "wrr.items"
      attributes = {
        weight  = { type = float, required = true, api = "weight" }
        rrdatas = { type = list(string), optional = true, api = "rrdatas" }
      }

      block "health_checked_targets" {
        optional  = true
        max_items = 1
        api       = "healthCheckedTargets"
        shared    = "health_checked_targets"
      }
    }
  }
}
