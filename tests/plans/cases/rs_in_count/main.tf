data "terraform_remote_state" "r" {
 backend = "local"
 config = { path = "other.json" }
}
resource "terraform_data" "a" { count = length(data.terraform_remote_state.r.outputs.o.k) }
