resource "terraform_data" "a" {}
resource "terraform_data" "b" {}
output "o" { value = terraform_data.a.id }
output "p" { value = terraform_data.b.id }
