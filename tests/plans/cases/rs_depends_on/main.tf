resource "terraform_data" "x" {}
data "terraform_remote_state" "r" {
 backend = "local"
 config = { path = "other.json" }
 depends_on = [terraform_data.x]
}
output "a" { value = data.terraform_remote_state.r.outputs.a }
