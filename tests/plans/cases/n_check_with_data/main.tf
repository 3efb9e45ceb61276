check "c" {
  data "terraform_remote_state" "r" {
    backend = "local"
    config  = { path = "other.tfstate" }
  }
  assert {
    condition     = data.terraform_remote_state.r.outputs.x == 5
    error_message = "x is ${data.terraform_remote_state.r.outputs.x}."
  }
}
