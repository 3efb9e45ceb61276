variable "e" {
  ephemeral = true
  default   = "x"
  validation {
    condition     = var.e == "y"
    error_message = "e is ${var.e}"
  }
}
