module "a" {
 source = "./m"
 v = "new"
}
module "b" {
 source = "./m"
 v = module.a.o
}
