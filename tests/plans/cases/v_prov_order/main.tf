resource "terraform_data" "a" {
 for_each = { b = 1, a = 2 }
 input = each.value
 triggers_replace = each.key
}
output "o" { value = [for k, v in terraform_data.a : "${k}=${v.triggers_replace}"] }
