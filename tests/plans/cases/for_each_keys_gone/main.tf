resource "terraform_data" "a" {
 for_each = { b = 2, c = 3 }
 input = each.value
}
output "o" { value = terraform_data.a }
