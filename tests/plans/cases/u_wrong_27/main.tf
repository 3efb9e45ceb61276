resource "terraform_data" "1a" {}
output "o o" { value = 1 }
locals { 1x = 2 }
