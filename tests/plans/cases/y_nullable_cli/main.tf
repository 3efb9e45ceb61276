variable "x" {
 type = string
 default = "d"
}
output "o" { value = var.x }
