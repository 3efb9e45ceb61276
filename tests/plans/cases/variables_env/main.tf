variable "m" { type = map(number) }
variable "b" { type = bool }
variable "a" {}
output "o" { value = [var.m, var.b, var.a] }
