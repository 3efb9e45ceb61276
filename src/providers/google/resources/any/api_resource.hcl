# An object of any Google API, by the API's own description.
resource "google_api_resource" {
  service = "any"
  object  = ""
  hook    = "api_resource"
  id      = "{collection}/{name}"
  import  = ["{service}/{version}/{collection*}/{name}"]

  create = { post = "{collection}" }
  discover = { never = "what it makes has no one list" }
  read   = { get = "{collection}/{name}" }
  update = { patch = "{collection}/{name}", how = merge }
  delete = { delete = "{collection}/{name}" }
  timeouts = { create = "20m", update = "20m", delete = "20m" }

  attributes = {
    service     = { type = string, required = true, replaces = true, regex = "^[a-z][a-z0-9-]*$" }
    version     = { type = string, required = true, replaces = true, regex = "^[a-z0-9]+$" }
    collection  = { type = string, required = true, replaces = true, regex = "^[^/?#]+(/[^/?#]+)*$" }
    name        = { type = string, optional = true, computed = true, replaces = true, regex = "^[^/?#]+$" }
    query       = { type = map(string), optional = true, replaces = true }
    body        = { type = any, optional = true, api = "body" }
    description = { type = string, optional = true, write_only = true }
    calls       = { type = string, computed = true, quiet = true }
    output      = { type = any, computed = true, volatile = true }
  }
}
