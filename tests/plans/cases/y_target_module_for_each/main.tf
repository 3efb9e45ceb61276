module "m" {
 source = "./m"
 for_each = toset(["a", "b"])
}
output "o" { value = module.m["a"].o }
