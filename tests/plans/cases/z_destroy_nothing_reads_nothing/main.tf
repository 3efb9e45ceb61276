data "terraform_remote_state" "r" {
  backend = "local"
  config  = { path = "x.tfstate" }
}
resource "terraform_data" "a" { input = data.terraform_remote_state.r.outputs.x }
