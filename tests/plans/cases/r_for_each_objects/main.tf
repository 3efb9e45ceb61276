resource "terraform_data" "a" {
 for_each = { x = { n = 1 }, y = { n = 2 } }
 input = each.value.n
}
output "o" { value = { for k, v in terraform_data.a : k => v.input } }
output "k" { value = keys(terraform_data.a) }
