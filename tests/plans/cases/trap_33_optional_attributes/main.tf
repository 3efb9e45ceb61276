variable "v" {
  type    = object({ a = optional(string, 5), b = optional(object({ c = optional(number, 1) }), {}), d = optional(list(string)) })
  default = { a = null, extra = true }
}
variable "n" {
  type    = object({ a = optional(string, "x") })
  default = null
}
variable "l" {
  type    = list(object({ a = optional(bool, "true") }))
  default = [{}, { a = null }, { a = false }]
}
output "v" { value = var.v }
output "n" { value = var.n }
output "l" { value = var.l }
