variable "names" { type = list(string) }
module "in" {
  source   = "./in"
  for_each = toset(var.names)
  name     = each.key
}
output "inputs" { value = { for k, m in module.in : k => m.input } }
