data "terraform_remote_state" "r" {
  backend = "local"
  config  = { path = "other.tfstate" }
}
output "a" { value = data.terraform_remote_state.r.outputs.s }
