# GKE clusters and node pools. A copy of this file is a good beginning for rules of one's own.
package terrane.gke

import rego.v1

# What is made or changed.
changes contains change if {
	some change in input.resource_changes
	some action in change.change.actions
	action in {"create", "update"}
}

clusters contains change if {
	some change in changes
	change.type == "google_container_cluster"
}

deny contains {"msg": "the control plane answers the whole internet", "address": cluster.address} if {
	some cluster in clusters
	some networks in cluster.change.after.master_authorized_networks_config
	some entry in networks.cidr_blocks
	entry.cidr_block in {"0.0.0.0/0", "::/0"}
}

deny contains {"msg": "old-style authorization (enable_legacy_abac) is on", "address": cluster.address} if {
	some cluster in clusters
	cluster.change.after.enable_legacy_abac == true
}

warn contains {"msg": "the cluster can be destroyed: deletion_protection is off", "address": cluster.address} if {
	some cluster in clusters
	cluster.change.after.deletion_protection == false
}

warn contains {"msg": "the cluster has no release channel: somebody must upgrade it by hand", "address": cluster.address} if {
	some cluster in clusters
	some channel in cluster.change.after.release_channel
	channel.channel == "UNSPECIFIED"
}

warn contains {"msg": "pods have no identity of their own: there is no workload_identity_config", "address": cluster.address} if {
	some cluster in clusters
	not cluster.change.after.enable_autopilot == true
	not has_identity(cluster.change)
}

has_identity(change) if count(change.after.workload_identity_config) > 0

deny contains {"msg": "the destruction of a cluster must be approved by a policy of one's own", "address": change.address} if {
	some change in input.resource_changes
	change.type == "google_container_cluster"
	"delete" in change.change.actions
}
