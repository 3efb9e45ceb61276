variable "v" {}
variable "id" {}
resource "terraform_data" "x" { input = [var.v, var.id] }
output "v" { value = var.v }
