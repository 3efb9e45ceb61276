variable "x" {}
variable "y" {}
resource "terraform_data" "a" { input = var.x }
resource "terraform_data" "b" { input = 2 }
output "o" { value = terraform_data.a.id }
output "p" { value = var.y }
