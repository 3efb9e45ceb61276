# A persistent disk of a zone.
resource "google_compute_disk" {
  service   = "compute"
  object    = "Disk"
  hook      = "disk"
  id        = "projects/{project}/zones/{zone/}/disks/{name}"
  import    = ["projects/{project}/zones/{zone}/disks/{name}", "{project}/{zone}/{name}", "{zone}/{name}", "{name}"]
  labels    = "labels"
  operation = compute

  needs = [
    { when = ["create"], permissions = ["compute.images.useReadOnly", "compute.images.get", "compute.images.getFromFamily"], with = "image" },
    { when = ["create"], permissions = ["compute.snapshots.useReadOnly"], with = "snapshot" },
    { when = ["delete"], permissions = ["compute.disks.createSnapshot", "compute.snapshots.create"], with = "create_snapshot_before_destroy" },
    { when = ["delete"], permissions = ["compute.instances.detachDisk", "compute.instances.get"] },
  ]

  create = { post = "projects/{project}/zones/{zone/}/disks" }
  read   = { get = "projects/{project}/zones/{zone/}/disks/{name}" }
  list   = { get = "projects/{project}/zones/{zone/}/disks?maxResults=500", items = "items", by = "name" }
  discover = { get = "projects/{project}/aggregated/disks?maxResults=500&returnPartialSuccess=true", items = "disks", aggregated = true, own = [{ member = "name", like = "^(gke-|pvc-)", why = "disks of clusters" }, { member = "name", names = "users", why = "boot disks belong to their machine" }] }
  update = { post = "projects/{project}/zones/{zone/}/disks/{name}/setLabels", how = client }
  delete = { delete = "projects/{project}/zones/{zone/}/disks/{name}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  rpc "resize" { post = "projects/{project}/zones/{zone/}/disks/{name}/resize" }
  rpc "access" { patch = "projects/{project}/zones/{zone/}/disks/{name}?paths=accessMode" }
  rpc "iops" { patch = "projects/{project}/zones/{zone/}/disks/{name}?paths=provisionedIops" }
  rpc "throughput" { patch = "projects/{project}/zones/{zone/}/disks/{name}?paths=provisionedThroughput" }

  attributes = {
    name                                  = { type = string, required = true, replaces = true, api = "name", regex = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$" }
    access_mode                           = { type = string, optional = true, computed = true, api = "accessMode", update = { rpc = "access", field = "accessMode" } }
    architecture                          = { type = string, optional = true, replaces = true, api = "architecture", keep = true, read = none }
    create_snapshot_before_destroy        = { type = bool, optional = true, default = false }
    create_snapshot_before_destroy_prefix = { type = string, optional = true }
    deletion_policy                       = { type = string, optional = true, computed = true }
    description                           = { type = string, optional = true, replaces = true, api = "description" }
    enable_confidential_compute           = { type = bool, optional = true, computed = true, replaces = true, api = "enableConfidentialCompute" }
    image                                 = { type = string, optional = true, replaces = true, api = "sourceImage", suppress = "compute_image_ref" }
    labels                                = { type = map(string), optional = true }
    licenses                              = { type = list(string), optional = true, computed = true, replaces = true, api = "licenses", suppress = "self_links" }
    physical_block_size_bytes             = { type = int, optional = true, computed = true, replaces = true, api = "physicalBlockSizeBytes", wire = "text" }
    project                               = { type = string, optional = true, computed = true, replaces = true, fill = project }
    provisioned_iops                      = { type = int, optional = true, computed = true, api = "provisionedIops", wire = "text", update = { rpc = "iops", field = "provisionedIops" } }
    provisioned_throughput                = { type = int, optional = true, computed = true, api = "provisionedThroughput", wire = "text", update = { rpc = "throughput", field = "provisionedThroughput" } }
    size                                  = { type = int, optional = true, computed = true, api = "sizeGb", wire = "text", update = { rpc = "resize", field = "sizeGb" } }
    snapshot                              = { type = string, optional = true, replaces = true, api = "sourceSnapshot", suppress = "self_link_or_name", expand = "projects/{project}/global/snapshots/{}" }
    source_disk                           = { type = string, optional = true, replaces = true, api = "sourceDisk", suppress = "self_link" }
    source_instant_snapshot               = { type = string, optional = true, replaces = true, api = "sourceInstantSnapshot", suppress = "self_link_or_name" }
    source_storage_object                 = { type = string, optional = true, replaces = true, api = "sourceStorageObject", keep = true, read = none }
    storage_pool                          = { type = string, optional = true, replaces = true, api = "storagePool", suppress = "last_path_segment", codec = "last_segment" }
    type                                  = { type = string, optional = true, replaces = true, default = "pd-standard", api = "type", suppress = "last_path_segment", codec = "last_segment" }
    zone                                  = { type = string, optional = true, computed = true, replaces = true, api = "zone", suppress = "self_link_or_name", codec = "last_segment", write = none, fill = zone }
    creation_timestamp                    = { type = string, computed = true, api = "creationTimestamp" }
    disk_id                               = { type = string, computed = true, api = "id" }
    effective_labels                      = { type = map(string), computed = true, api = "labels" }
    label_fingerprint                     = { type = string, computed = true, api = "labelFingerprint", volatile = ["effective_labels"] }
    last_attach_timestamp                 = { type = string, computed = true, api = "lastAttachTimestamp", volatile = [] }
    last_detach_timestamp                 = { type = string, computed = true, api = "lastDetachTimestamp", volatile = [] }
    self_link                             = { type = string, computed = true, api = "selfLink", kept = ["project", "zone", "name"] }
    source_disk_id                        = { type = string, computed = true, api = "sourceDiskId" }
    source_image_id                       = { type = string, computed = true, api = "sourceImageId" }
    source_instant_snapshot_id            = { type = string, computed = true, api = "sourceInstantSnapshotId" }
    source_snapshot_id                    = { type = string, computed = true, api = "sourceSnapshotId" }
    terraform_labels                      = { type = map(string), computed = true }
    users                                 = { type = list(string), computed = true, api = "users", volatile = [] }
  }

  block "async_primary_disk" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "asyncPrimaryDisk"
    suppress  = "absent_equals_empty"
    attributes = {
      disk = { type = string, required = true, replaces = true, api = "disk", suppress = "self_link" }
    }
  }

  block "disk_encryption_key" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "diskEncryptionKey"
    attributes = {
      kms_key_self_link       = { type = string, optional = true, replaces = true, api = "kmsKeyName", suppress = "kms_key_ignore_version" }
      kms_key_service_account = { type = string, optional = true, replaces = true, api = "kmsKeyServiceAccount" }
      raw_key                 = { type = string, optional = true, replaces = true, sensitive = true, api = "rawKey", keep = true }
      rsa_encrypted_key       = { type = string, optional = true, replaces = true, sensitive = true, api = "rsaEncryptedKey", keep = true }
      sha256                  = { type = string, computed = true, api = "sha256" }
    }
  }

  block "guest_os_features" {
    optional = true
    computed = true
    replaces = true
    kind     = set
    api      = "guestOsFeatures"
    attributes = {
      type = { type = string, required = true, replaces = true, api = "type" }
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

  block "source_image_encryption_key" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "sourceImageEncryptionKey"
    keep      = true
    attributes = {
      kms_key_self_link       = { type = string, optional = true, replaces = true, api = "kmsKeyName", suppress = "kms_key_ignore_version" }
      kms_key_service_account = { type = string, optional = true, replaces = true, api = "kmsKeyServiceAccount" }
      raw_key                 = { type = string, optional = true, replaces = true, sensitive = true, api = "rawKey", keep = true }
      sha256                  = { type = string, computed = true, api = "sha256" }
    }
  }

  block "source_snapshot_encryption_key" {
    optional  = true
    replaces  = true
    max_items = 1
    api       = "sourceSnapshotEncryptionKey"
    keep      = true
    attributes = {
      kms_key_self_link       = { type = string, optional = true, replaces = true, api = "kmsKeyName", suppress = "kms_key_ignore_version" }
      kms_key_service_account = { type = string, optional = true, replaces = true, api = "kmsKeyServiceAccount" }
      raw_key                 = { type = string, optional = true, replaces = true, sensitive = true, api = "rawKey", keep = true }
      sha256                  = { type = string, computed = true, api = "sha256" }
    }
  }
}
