variable "min" { default = 5 }
variable "max" {
  type = number
  validation {
    condition     = var.max > var.min
    error_message = "max must be above ${var.min}."
  }
}
