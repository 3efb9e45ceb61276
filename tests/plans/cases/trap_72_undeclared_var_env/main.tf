variable "raw" {}
variable "typed" { type = any }
output "raw" { value = var.raw }
output "typed" { value = var.typed }
