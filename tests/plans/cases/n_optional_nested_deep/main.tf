variable "v" {
  type = object({
    a = optional(object({
      b = optional(list(object({
        c = optional(string, "dc")
        d = optional(map(number), { z = 1 })
      })), [{}])
      e = optional(bool)
    }), {})
    f = optional(set(string), ["q"])
  })
  default = {}
}
output "v" { value = var.v }
output "w" { value = module.m.v }
module "m" {
  source = "./m"
  v      = { list = [{ a = 1 }, { b = "z" }, {}] }
}
