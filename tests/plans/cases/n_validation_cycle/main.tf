variable "a" {
  default = 1
  validation {
    condition     = var.a > var.b
    error_message = "A."
  }
}
variable "b" {
  default = 1
  validation {
    condition     = var.b > var.a
    error_message = "B."
  }
}
