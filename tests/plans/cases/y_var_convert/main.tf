variable "s" { type = string }
variable "n" { type = number }
variable "b" { type = bool }
output "o" { value = [var.s, var.n, var.b] }
