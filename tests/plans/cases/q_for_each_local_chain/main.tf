locals {
 a = toset(["x", "y"])
 b = { for k in local.a : k => upper(k) }
}
resource "terraform_data" "b" {
 for_each = local.b
 input = each.value
}
resource "terraform_data" "c" {
 for_each = terraform_data.b
 input = each.value.input
}
output "o" { value = { for k, v in terraform_data.c : k => v.input } }
