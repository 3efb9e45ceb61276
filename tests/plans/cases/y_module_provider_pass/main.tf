module "m" { source = "./m/../m" }
module "n" {
 source = "./m"
 depends_on = [module.m]
}
