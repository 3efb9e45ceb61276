# The text of a policy, for the resources that take one. Nobody is asked for it.
data "google_iam_policy" {
  hook = "policy_text"
  id   = "{policy_data}"

  attributes = {
    policy_data = { type = string, computed = true }
  }

  block "binding" {
    optional = true
    kind     = set
    attributes = {
      role    = { type = string, required = true }
      members = { type = set(string), required = true }
    }

    block "condition" {
      optional  = true
      max_items = 1
      attributes = {
        expression  = { type = string, required = true }
        title       = { type = string, required = true }
        description = { type = string, optional = true }
      }
    }
  }

  block "audit_config" {
    optional = true
    kind     = set
    attributes = {
      service = { type = string, required = true }
    }

    block "audit_log_configs" {
      required = true
      kind     = set
      attributes = {
        log_type         = { type = string, required = true }
        exempted_members = { type = set(string), optional = true }
      }
    }
  }
}
