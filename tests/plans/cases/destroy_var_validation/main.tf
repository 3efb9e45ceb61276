variable "v" {
 default = 1
 validation {
  condition = var.v > 5
  error_message = "too small"
 }
}
resource "terraform_data" "a" { input = var.v }
