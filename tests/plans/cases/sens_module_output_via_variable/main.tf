module "m" { source = "./m" }
variable "pw" {
 default = "s"
 sensitive = true
}
module "n" {
 source = "./m"
 v = var.pw
}
output "plain" { value = module.m.secret }
output "marked" {
 value = module.n.secret
 sensitive = true
}
output "is" { value = issensitive(module.m.secret) }
