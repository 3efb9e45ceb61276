variable "v" {
  type = list(object({
    n = string
    o = optional(object({ p = optional(string, "q"), r = optional(list(string), ["s"]) }), { p = "t" })
  }))
  default = [{ n = "1" }, { n = "2", o = {} }, { n = "3", o = { p = null, r = null } }, { n = "4", o = null }]
}
output "v" { value = var.v }
