variable "v" {
  type = object({
    a = list(object({ b = number, d = optional(bool, true) }))
    c = map(number)
    e = optional(tuple([string, number]))
  })
}
output "v" { value = var.v }
