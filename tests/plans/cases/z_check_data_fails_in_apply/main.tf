resource "terraform_data" "a" { input = "x.tfstate" }
check "c" {
  data "terraform_remote_state" "r" {
    backend = "local"
    config  = { path = terraform_data.a.output }
  }
  assert {
    condition     = data.terraform_remote_state.r.outputs.x == 1
    error_message = "no"
  }
}
