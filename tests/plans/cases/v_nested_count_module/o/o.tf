variable "i" {}
module "p" {
 source = "./p"
 for_each = toset(["k${var.i}"])
 n = each.key
}
output "all" { value = { for k, m in module.p : k => m.v } }
