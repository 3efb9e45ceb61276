variable "m" { type = map(list(number)) }
output "o" { value = var.m }
