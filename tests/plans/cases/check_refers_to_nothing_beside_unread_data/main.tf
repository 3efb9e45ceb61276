check "found" {
  data "terraform_remote_state" "s" {
    backend = "local"
    config  = { path = "none.tfstate" }
  }
  assert {
    condition     = terraform_data.g != null
    error_message = "Not found."
  }
}
