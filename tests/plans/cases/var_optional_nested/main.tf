variable "o" {
 type = object({
  a = optional(object({ b = optional(string, "bd"), c = optional(list(string), ["c"]) }), {})
  m = optional(map(object({ x = optional(number, 7) })), { k = {} })
  n = optional(string)
 })
 default = {}
}
output "o" { value = var.o }
