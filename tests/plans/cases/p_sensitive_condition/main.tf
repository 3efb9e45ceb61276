variable "s" {
  default   = true
  sensitive = true
}
resource "terraform_data" "a" { input = var.s ? "x" : "y" }
output "k" { value = var.s ? 1 : 2 }
