variable "limit" {}
variable "n" {
  validation {
    condition     = var.n < var.limit
    error_message = "n must be below ${var.limit}."
  }
}
output "n" { value = var.n }
