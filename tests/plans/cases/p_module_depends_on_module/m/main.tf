resource "terraform_data" "x" {}
data "terraform_remote_state" "r" {
  backend = "local"
  config  = { path = "o.tfstate" }
}
output "id" { value = data.terraform_remote_state.r.outputs.x }
