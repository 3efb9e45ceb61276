# Buckets, who may read them, and HMAC keys.
package terrane.storage

import rego.v1

changes contains change if {
	some change in input.resource_changes
	some action in change.change.actions
	action in {"create", "update"}
}

everybody := {"allUsers", "allAuthenticatedUsers"}

deny contains {"msg": sprintf("everybody on the internet gets %s", [change.change.after.role]), "address": change.address} if {
	some change in changes
	change.type in {"google_storage_bucket_iam_member", "google_project_iam_member"}
	change.change.after.member in everybody
}

deny contains {"msg": sprintf("everybody on the internet gets %s", [change.change.after.role]), "address": change.address} if {
	some change in changes
	change.type in {"google_storage_bucket_iam_binding", "google_project_iam_binding"}
	some member in change.change.after.members
	member in everybody
}

deny contains {"msg": "a bucket with all its objects would be removed (force_destroy)", "address": change.address} if {
	some change in input.resource_changes
	change.type == "google_storage_bucket"
	"delete" in change.change.actions
	change.change.before.force_destroy == true
}

warn contains {"msg": "access lists of single objects count: uniform_bucket_level_access is off", "address": change.address} if {
	some change in changes
	change.type == "google_storage_bucket"
	change.change.after.uniform_bucket_level_access == false
}

warn contains {"msg": "a key that never expires by itself is made: see rotation_period and secret_sink", "address": change.address} if {
	some change in input.resource_changes
	change.type == "google_storage_hmac_key"
	"create" in change.change.actions
	object.get(change.change.after, "rotation_period", null) == null
}

warn contains {"msg": "the key's secret is kept in the state: a secret_sink keeps it out", "address": change.address} if {
	some change in input.resource_changes
	change.type == "google_storage_hmac_key"
	"create" in change.change.actions
	not has_sink(change.change.after)
}

has_sink(key) if count(key.secret_sink) > 0
