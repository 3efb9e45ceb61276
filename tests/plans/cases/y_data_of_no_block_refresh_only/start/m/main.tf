data "terraform_remote_state" "far" {
  backend = "local"
  config  = { path = "other.tfstate" }
}
