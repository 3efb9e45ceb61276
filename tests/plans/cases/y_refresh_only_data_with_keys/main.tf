data "terraform_remote_state" "r" {
  for_each = toset(["other"])
  backend  = "local"
  config   = { path = "${each.key}.tfstate" }
}
resource "terraform_data" "a" {
  for_each = toset(["x"])
  lifecycle {
    postcondition {
      condition     = self.id == self.id
      error_message = "No."
    }
  }
}
output "r" {
  value = { for k, d in data.terraform_remote_state.r : k => d.outputs.x }
}
