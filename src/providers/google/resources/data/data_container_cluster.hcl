# A GKE cluster that exists: what the resource says, all of it told by the service.
data "google_container_cluster" {
  like = resource

  attributes = {
    name             = { type = string, required = true, api = "name" }
    location         = { type = string, optional = true, api = "location", fill = gke_location }
    project          = { type = string, optional = true, fill = project }
    resource_labels  = { type = map(string), computed = true, api = "resourceLabels" }
    terraform_labels = { type = map(string), computed = true, api = "resourceLabels" }
  }
}
