variable "v" { ephemeral = true }
output "o" {
  value     = upper(var.v)
  ephemeral = true
}
