module "m" {
 source = "./m"
 cfg = { name = "n", tags = { a = 1 } }
}
output "o" { value = module.m.o }
