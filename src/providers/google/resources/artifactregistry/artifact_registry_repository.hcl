# A repository of Artifact Registry.
resource "google_artifact_registry_repository" {
  service   = "artifactregistry"
  object    = "Repository"
  id        = "projects/{project}/locations/{location}/repositories/{repository_id}"
  import    = ["projects/{project}/locations/{location}/repositories/{repository_id}", "{project}/{location}/{repository_id}", "{location}/{repository_id}"]
  labels    = "labels"
  operation = standard

  create = { post = "projects/{project}/locations/{location}/repositories?repositoryId={repository_id}" }
  read   = { get = "projects/{project}/locations/{location}/repositories/{repository_id}" }
  list   = { get = "projects/{project}/locations/{location}/repositories?pageSize=500", items = "repositories", by = "name" }
  discover = { places = "projects/{project}/locations" }
  update = { patch = "projects/{project}/locations/{location}/repositories/{repository_id}", how = query_mask }
  delete = { delete = "projects/{project}/locations/{location}/repositories/{repository_id}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }
  exactly_one_of = [
    ["remote_repository_config.apt_repository", "remote_repository_config.common_repository", "remote_repository_config.docker_repository", "remote_repository_config.maven_repository", "remote_repository_config.npm_repository", "remote_repository_config.python_repository", "remote_repository_config.yum_repository"],
  ]

  attributes = {
    format                 = { type = string, required = true, replaces = true, api = "format", codec = "upper", suppress = "case_insensitive" }
    repository_id          = { type = string, required = true, replaces = true, api = "name", codec = "last_segment", write = none }
    cleanup_policy_dry_run = { type = bool, optional = true, api = "cleanupPolicyDryRun" }
    deletion_policy        = { type = string, optional = true, computed = true }
    description            = { type = string, optional = true, api = "description" }
    kms_key_name           = { type = string, optional = true, replaces = true, api = "kmsKeyName" }
    labels                 = { type = map(string), optional = true }
    location               = { type = string, optional = true, computed = true, replaces = true, fill = location }
    mode                   = { type = string, optional = true, replaces = true, default = "STANDARD_REPOSITORY", one_of = ["STANDARD_REPOSITORY", "VIRTUAL_REPOSITORY", "REMOTE_REPOSITORY"], api = "mode" }
    project                = { type = string, optional = true, computed = true, replaces = true, fill = project }
    create_time            = { type = string, computed = true, api = "createTime" }
    effective_labels       = { type = map(string), computed = true, api = "labels" }
    name                   = { type = string, computed = true, api = "name", codec = "last_segment", known = "{repository_id}" }
    registry_uri           = { type = string, computed = true, api = "registryUri", kept = ["project", "location", "repository_id", "format"] }
    terraform_labels       = { type = map(string), computed = true }
    update_time            = { type = string, computed = true, api = "updateTime", volatile = true }
  }

  block "cleanup_policies" {
    kind     = set
    optional = true
    api      = "cleanupPolicies"
    keyed    = "id"
    attributes = {
      id     = { type = string, required = true, api = "_key", write = none }
      action = { type = string, optional = true, one_of = ["DELETE", "KEEP"], api = "action" }
    }

    block "condition" {
      optional  = true
      max_items = 1
      api       = "condition"
      attributes = {
        newer_than            = { type = string, optional = true, api = "newerThan", suppress = "duration_with_days", codec = "duration_seconds" }
        older_than            = { type = string, optional = true, api = "olderThan", suppress = "duration_with_days", codec = "duration_seconds" }
        package_name_prefixes = { type = list(string), optional = true, api = "packageNamePrefixes" }
        tag_prefixes          = { type = list(string), optional = true, api = "tagPrefixes" }
        tag_state             = { type = string, optional = true, default = "ANY", one_of = ["TAGGED", "UNTAGGED", "ANY"], api = "tagState" }
        version_name_prefixes = { type = list(string), optional = true, api = "versionNamePrefixes" }
      }
    }

    block "most_recent_versions" {
      optional  = true
      max_items = 1
      api       = "mostRecentVersions"
      attributes = {
        keep_count            = { type = int, optional = true, api = "keepCount" }
        package_name_prefixes = { type = list(string), optional = true, api = "packageNamePrefixes" }
      }
    }
  }

  block "docker_config" {
    optional  = true
    max_items = 1
    api       = "dockerConfig"
    attributes = {
      immutable_tags = { type = bool, optional = true, api = "immutableTags" }
    }
  }

  block "maven_config" {
    optional  = true
    max_items = 1
    api       = "mavenConfig"
    suppress  = "absent_equals_default"
    attributes = {
      allow_snapshot_overwrites = { type = bool, optional = true, replaces = true, api = "allowSnapshotOverwrites" }
      version_policy            = { type = string, optional = true, replaces = true, default = "VERSION_POLICY_UNSPECIFIED", one_of = ["VERSION_POLICY_UNSPECIFIED", "RELEASE", "SNAPSHOT"], api = "versionPolicy" }
    }
  }

  block "remote_repository_config" {
    optional       = true
    replaces       = true
    max_items      = 1
    conflicts_with = ["virtual_repository_config"]
    api            = "remoteRepositoryConfig"
    attributes = {
      description                 = { type = string, optional = true, replaces = true, api = "description" }
      disable_upstream_validation = { type = bool, optional = true, api = "disableUpstreamValidation" }
    }

    block "apt_repository" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "aptRepository"

      block "public_repository" {
        optional  = true
        replaces  = true
        max_items = 1
        api       = "publicRepository"
        attributes = {
          repository_base = { type = string, required = true, replaces = true, one_of = ["DEBIAN", "UBUNTU", "DEBIAN_SNAPSHOT"], api = "repositoryBase" }
          repository_path = { type = string, required = true, replaces = true, api = "repositoryPath" }
        }
      }
    }

    block "common_repository" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "commonRepository"
      attributes = {
        uri = { type = string, required = true, replaces = true, api = "uri" }
      }
    }

    block "docker_repository" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "dockerRepository"
      attributes = {
        public_repository = { type = string, optional = true, replaces = true, one_of = ["DOCKER_HUB"], conflicts_with = ["remote_repository_config.docker_repository.custom_repository"], api = "publicRepository" }
      }

      block "custom_repository" {
        optional       = true
        replaces       = true
        max_items      = 1
        conflicts_with = ["remote_repository_config.docker_repository.public_repository"]
        api            = "customRepository"
        attributes = {
          uri = { type = string, optional = true, replaces = true, api = "uri" }
        }
      }
    }

    block "maven_repository" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "mavenRepository"
      attributes = {
        public_repository = { type = string, optional = true, replaces = true, one_of = ["MAVEN_CENTRAL"], conflicts_with = ["remote_repository_config.maven_repository.custom_repository"], api = "publicRepository" }
      }

      block "custom_repository" {
        optional       = true
        replaces       = true
        max_items      = 1
        conflicts_with = ["remote_repository_config.maven_repository.public_repository"]
        api            = "customRepository"
        attributes = {
          uri = { type = string, optional = true, replaces = true, api = "uri" }
        }
      }
    }

    block "no_cache" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "noCache"
    }

    block "npm_repository" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "npmRepository"
      attributes = {
        public_repository = { type = string, optional = true, replaces = true, one_of = ["NPMJS"], conflicts_with = ["remote_repository_config.npm_repository.custom_repository"], api = "publicRepository" }
      }

      block "custom_repository" {
        optional       = true
        replaces       = true
        max_items      = 1
        conflicts_with = ["remote_repository_config.npm_repository.public_repository"]
        api            = "customRepository"
        attributes = {
          uri = { type = string, optional = true, replaces = true, api = "uri" }
        }
      }
    }

    block "python_repository" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "pythonRepository"
      attributes = {
        public_repository = { type = string, optional = true, replaces = true, one_of = ["PYPI"], conflicts_with = ["remote_repository_config.python_repository.custom_repository"], api = "publicRepository" }
      }

      block "custom_repository" {
        optional       = true
        replaces       = true
        max_items      = 1
        conflicts_with = ["remote_repository_config.python_repository.public_repository"]
        api            = "customRepository"
        attributes = {
          uri = { type = string, optional = true, replaces = true, api = "uri" }
        }
      }
    }

    block "upstream_credentials" {
      optional  = true
      max_items = 1
      api       = "upstreamCredentials"

      block "username_password_credentials" {
        optional  = true
        max_items = 1
        api       = "usernamePasswordCredentials"
        attributes = {
          password_secret_version = { type = string, optional = true, api = "passwordSecretVersion" }
          username                = { type = string, optional = true, api = "username" }
        }
      }
    }

    block "yum_repository" {
      optional  = true
      replaces  = true
      max_items = 1
      api       = "yumRepository"

      block "public_repository" {
        optional  = true
        replaces  = true
        max_items = 1
        api       = "publicRepository"
        attributes = {
          repository_base = { type = string, required = true, replaces = true, one_of = ["CENTOS", "CENTOS_DEBUG", "CENTOS_VAULT", "CENTOS_STREAM", "ROCKY", "EPEL"], api = "repositoryBase" }
          repository_path = { type = string, required = true, replaces = true, api = "repositoryPath" }
        }
      }
    }
  }

  block "virtual_repository_config" {
    optional       = true
    max_items      = 1
    conflicts_with = ["remote_repository_config"]
    api            = "virtualRepositoryConfig"

    block "upstream_policies" {
      optional = true
      api      = "upstreamPolicies"
      suppress = "set_semantics"
      attributes = {
        id         = { type = string, optional = true, api = "id" }
        priority   = { type = int, optional = true, api = "priority" }
        repository = { type = string, optional = true, api = "repository" }
      }
    }
  }

  block "vulnerability_scanning_config" {
    optional  = true
    computed  = true
    max_items = 1
    api       = "vulnerabilityScanningConfig"
    attributes = {
      enablement_config       = { type = string, optional = true, one_of = ["INHERITED", "DISABLED"], api = "enablementConfig" }
      enablement_state        = { type = string, computed = true, api = "enablementState", volatile = ["enablement_config"] }
      enablement_state_reason = { type = string, computed = true, api = "enablementStateReason", volatile = ["enablement_config"] }
    }
  }
}
