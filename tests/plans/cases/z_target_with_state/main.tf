resource "terraform_data" "a" { input = 2 }
resource "terraform_data" "b" { input = terraform_data.a.output }
resource "terraform_data" "c" { input = 2 }
output "c" { value = terraform_data.c.output }
output "a" { value = terraform_data.a.output }
