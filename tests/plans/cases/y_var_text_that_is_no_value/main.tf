variable "l" {
  type    = list(string)
  default = []
  validation {
    condition     = length(var.l) > 0
    error_message = "No."
  }
}
resource "terraform_data" "a" {
  input = var.l
}
