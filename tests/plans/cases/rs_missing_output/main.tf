data "terraform_remote_state" "r" {
 backend = "local"
 config = { path = "other.json" }
}
output "a" { value = data.terraform_remote_state.r.outputs.nope }
