variable "a" {
  type = string
  validation {
    condition     = length(var.a) > 5
    error_message = "Too short."
  }
  validation {
    condition     = startswith(var.a, "q")
    error_message = "Must start with q."
  }
}
resource "terraform_data" "x" { input = var.a }
