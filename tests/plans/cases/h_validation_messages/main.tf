variable "a" {
  default = null
  validation {
    condition     = var.a == null
    error_message = "x ${var.a}"
  }
}
variable "b" {
  default = null
  validation {
    condition     = var.b != null
    error_message = "x ${var.b}"
  }
}
variable "d" {
  default = "x"
  validation {
    condition     = var.d + 1 == 2
    error_message = "z"
  }
}
variable "e" {
  default = "x"
  validation {
    condition     = var.e == null
    error_message = [var.e]
  }
}
