data "terraform_remote_state" "r" {
 backend = "local"
 config = { path = "other.json" }
 defaults = { a = "dd", z = 1 }
}
output "a" { value = [data.terraform_remote_state.r.outputs.a, data.terraform_remote_state.r.outputs.z] }
