resource "terraform_data" "a" {}
check "found" {
  data "terraform_remote_state" "s" {
    backend = "local"
    config  = { path = "none.tfstate" }
  }
  assert {
    condition     = data.terraform_remote_state.s.outputs.x == 2
    error_message = "Not found."
  }
}
