# The versions of Kubernetes that can be had in a place.
data "google_container_engine_versions" {
  service = "container"
  object  = "ServerConfig"
  hook    = "engine_versions"
  id      = "projects/{project}/locations/{location}"

  read = { get = "projects/{project}/locations/{location}/serverConfig" }

  attributes = {
    location                               = { type = string, optional = true, fill = gke_location }
    project                                = { type = string, optional = true, fill = project }
    version_prefix                         = { type = string, optional = true }
    default_cluster_version                = { type = string, computed = true, api = "defaultClusterVersion" }
    latest_master_version                  = { type = string, computed = true, api = "latestMaster" }
    latest_node_version                    = { type = string, computed = true, api = "latestNode" }
    valid_master_versions                  = { type = list(string), computed = true, api = "validMasterVersions" }
    valid_node_versions                    = { type = list(string), computed = true, api = "validNodeVersions" }
    release_channel_default_version        = { type = map(string), computed = true, api = "channelDefaults" }
    release_channel_latest_version         = { type = map(string), computed = true, api = "channelLatest" }
    release_channel_upgrade_target_version = { type = map(string), computed = true, api = "channelTargets" }
  }
}
