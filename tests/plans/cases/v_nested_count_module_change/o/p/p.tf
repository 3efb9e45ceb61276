variable "n" {}
resource "terraform_data" "r" { input = var.n }
