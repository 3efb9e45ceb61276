variable "v" {
  type = map(object({
    a = optional(string, "d")
    b = optional(object({ c = optional(number, 3) }))
  }))
  default = { x = { a = null }, y = { b = null }, z = { b = {} }, w = null }
}
output "v" { value = var.v }
