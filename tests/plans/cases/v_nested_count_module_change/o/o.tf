variable "i" {}
module "p" {
 source = "./p"
 for_each = toset(["k${var.i}"])
 n = each.key
}
