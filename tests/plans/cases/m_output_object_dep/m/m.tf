resource "terraform_data" "r" { input = { a = 1 } }
output "r" { value = terraform_data.r }
output "s" { value = terraform_data.r.output.a }
