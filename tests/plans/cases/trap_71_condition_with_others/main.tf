variable "b" { default = 5 }
variable "a" {
  default = 6
  validation {
    condition     = var.a > var.b && local.l
    error_message = "x"
  }
}
locals { l = true }
