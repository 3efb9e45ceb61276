variable "region" { default = 1 }
output "x" { value = var.regoin }
