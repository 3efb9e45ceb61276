variable "p" {
 default = "x"
 sensitive = true
}
module "m" {
 source = "./m"
 v = var.p
}
output "o" { value = module.m.o }
