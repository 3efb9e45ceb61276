resource "terraform_data" "base" {
  for_each = { a = 1, b = 2 }
  input    = each.value
}
module "m" {
  source   = "./m"
  for_each = terraform_data.base
  v        = each.value.input
  id       = each.value.id
}
output "o" { value = { for k, m in module.m : k => m.v } }
