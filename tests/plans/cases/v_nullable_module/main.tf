module "m" {
 source = "./m"
 v = null
 w = null
}
output "o" { value = module.m.o }
