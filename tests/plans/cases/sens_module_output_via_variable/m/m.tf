variable "v" { default = "d" }
output "secret" {
 value = var.v
 sensitive = true
}
