variable "o" {
 type = object({ a = any, b = optional(any), c = optional(bool, true) })
 default = { a = [1, "x"] }
}
output "o" { value = var.o }
