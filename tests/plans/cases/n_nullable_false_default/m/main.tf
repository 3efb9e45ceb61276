variable "a" {
  default  = "da"
  nullable = false
}
variable "b" { default = "db" }
variable "c" {
  type     = object({ x = optional(string, "dx") })
  default  = {}
  nullable = false
}
output "all" { value = { a = var.a, b = var.b, c = var.c } }
