resource "terraform_data" "a" { input = 2 }
data "terraform_remote_state" "r" {
  backend    = "local"
  config     = { path = "o.tfstate" }
  depends_on = [terraform_data.a]
}
output "x" { value = data.terraform_remote_state.r.outputs.x }
