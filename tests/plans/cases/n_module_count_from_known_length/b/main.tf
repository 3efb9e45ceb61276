variable "id" {}
resource "terraform_data" "y" { input = var.id }
