variable "v" {
  default = "bad"
  validation {
    condition     = var.v != "bad"
    error_message = "no"
  }
}
resource "terraform_data" "b" { input = 1 / var.zero }
variable "zero" { default = [] }
