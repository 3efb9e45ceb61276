variable "v" {
  default = "bad"
  validation {
    condition     = var.v != "bad"
    error_message = "No."
  }
}
resource "terraform_data" "b" { input = var.v }
