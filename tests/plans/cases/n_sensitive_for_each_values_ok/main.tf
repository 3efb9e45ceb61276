resource "terraform_data" "a" {
  for_each = { a = sensitive("x"), b = "y" }
  input    = each.value
}
output "o" {
  value     = [for k, r in terraform_data.a : r.input]
  sensitive = true
}
