resource "terraform_data" "x" { count = 2 }
output "ids" { value = terraform_data.x[*].id }
