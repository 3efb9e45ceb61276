data "terraform_remote_state" "r" {
 for_each = toset(["other.json"])
 backend = "local"
 config = { path = each.key }
}
output "a" { value = { for k, v in data.terraform_remote_state.r : k => v.outputs.a } }
