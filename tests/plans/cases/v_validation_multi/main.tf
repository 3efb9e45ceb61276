variable "a" {
 default = 5
 validation {
  condition = var.a > 10
  error_message = "gt 10"
 }
 validation {
  condition = var.a < 3
  error_message = "lt 3 but ${var.a}"
 }
}
variable "b" {
 default = "x"
 validation {
  condition = var.b == local.want
  error_message = "not ${local.want}"
 }
}
locals { want = "y" }
