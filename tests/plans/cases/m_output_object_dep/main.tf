module "m" { source = "./m" }
output "all" { value = module.m }
