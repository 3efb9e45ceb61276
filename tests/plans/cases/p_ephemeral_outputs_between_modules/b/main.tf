variable "v" { ephemeral = true }
output "plain" { value = var.v }
