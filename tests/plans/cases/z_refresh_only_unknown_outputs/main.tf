resource "terraform_data" "a" {}
output "u" { value = terraform_data.a.id }
output "p" { value = { a = 1, u = terraform_data.a.id } }
output "o" { value = 1 }
