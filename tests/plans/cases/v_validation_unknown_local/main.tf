variable "b" {
 default = "x"
 validation {
  condition = var.b == terraform_data.a.output
  error_message = "differs"
 }
}
resource "terraform_data" "a" { input = "x" }
resource "terraform_data" "c" { input = var.b }
