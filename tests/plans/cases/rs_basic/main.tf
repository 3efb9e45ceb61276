data "terraform_remote_state" "r" {
 backend = "local"
 config = { path = "other.json" }
}
resource "terraform_data" "a" { input = data.terraform_remote_state.r.outputs.o.k[1] }
output "a" { value = data.terraform_remote_state.r.outputs.a }
output "all" { value = data.terraform_remote_state.r.outputs }
