variable "a" { type = any }
variable "m" { type = map(any) }
output "o" { value = [var.a, var.m] }
