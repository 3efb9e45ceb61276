variable "v" {
  default = 1
  validation {
    condition     = var.v == 1
    error_message = "x"
  }
}
resource "terraform_data" "a" { input = var.v }
