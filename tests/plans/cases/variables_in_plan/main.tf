variable "n" {
 type = number
}
variable "l" {
 type = list(string)
 default = [1, 2]
}
variable "o" {
 type = object({ a = string, b = optional(number, 3) })
 default = { a = "x" }
}
variable "s" {
 default = "p"
 sensitive = true
}
variable "nn" { default = null }
variable "e" {
 default = "eph"
 ephemeral = true
}
output "o" { value = [var.n, var.l, var.o] }
