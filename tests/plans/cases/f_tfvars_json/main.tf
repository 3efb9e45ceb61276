variable "a" {}
variable "b" { type = list(object({x=number})) }
output "o" { value = [var.a, var.b] }
