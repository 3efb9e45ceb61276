variable "p" {
 default = "x"
 sensitive = true
}
output "o" { value = { a = var.p } }
