variable "v" {
 default = 3
 validation {
  condition = var.v > 1
  error_message = "gt"
 }
}
resource "terraform_data" "a" { input = var.v }
