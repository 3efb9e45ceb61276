variable "o" { type = object({ a = string }) }
output "o" { value = var.o }
