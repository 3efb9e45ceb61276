variable "v" {
  default = "bad"
  validation {
    condition     = var.v != "bad"
    error_message = "No."
  }
}
resource "terraform_data" "a" {}
resource "terraform_data" "b" { input = var.v }
resource "terraform_data" "c" { depends_on = [terraform_data.b] }
output "o" {
  value      = terraform_data.a.id
  depends_on = [terraform_data.b]
}
output "p" { value = terraform_data.a.id }
