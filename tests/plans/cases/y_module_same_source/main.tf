module "a" {
 source = "./m"
 v = "x"
}
module "b" {
 source = "./m"
 v = module.a.o
}
