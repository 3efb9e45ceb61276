resource "terraform_data" "r" {}
resource "terraform_data" "s" {}
output "one" { value = terraform_data.r.id }
output "two" { value = terraform_data.s.id }
