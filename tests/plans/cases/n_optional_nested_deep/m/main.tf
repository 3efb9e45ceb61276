variable "v" {
  type = object({
    list = list(object({ a = optional(number, 7), b = optional(string) }))
    any  = optional(any, { k = "v" })
  })
}
output "v" { value = var.v }
