module "m" {
 source = "./m"
 v = 1
 nope = 2
}
module "n" { source = "./m" }
output "x" { value = module.m.nope }
output "y" { value = module.zz.o }
