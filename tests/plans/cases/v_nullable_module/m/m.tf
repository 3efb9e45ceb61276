variable "v" {
 default = "d"
 nullable = false
}
variable "w" { default = "d" }
output "o" { value = [var.v, var.w] }
