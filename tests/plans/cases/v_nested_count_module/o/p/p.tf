variable "n" {}
resource "terraform_data" "r" { input = var.n }
output "v" { value = terraform_data.r.output }
