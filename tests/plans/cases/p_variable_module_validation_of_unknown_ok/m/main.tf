variable "v" {
  type = string
  validation {
    condition     = length(var.v) == 3
    error_message = "len"
  }
}
resource "terraform_data" "b" { input = var.v }
