data "terraform_remote_state" "r" {
  for_each = toset(["other"])
  backend  = "local"
  config   = { path = "${each.key}.tfstate" }
}
output "r" {
  value = { for k, d in data.terraform_remote_state.r : k => d.outputs.x }
}
