variable "name" {}
resource "terraform_data" "x" { input = "n-${var.name}" }
output "input" { value = terraform_data.x.input }
