resource "terraform_data" "r" {}
resource "terraform_data" "s" {}
output "o" { value = terraform_data.r.id }
