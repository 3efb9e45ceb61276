variable "a" { default = 3 }
variable "b" {
  default = 2
  validation {
    condition     = var.b < var.a
    error_message = "b ${var.b} >= a ${var.a}"
  }
}
variable "c" {
  default = 9
  validation {
    condition     = var.c < var.b * 2 || can(regex("x", var.c))
    error_message = "c too large: ${var.c}, ${join(",", [var.a, var.b])}"
  }
}
