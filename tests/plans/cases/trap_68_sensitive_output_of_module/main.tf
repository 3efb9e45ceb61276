module "m" { source = "./m" }
output "a" { value = module.m.declared }
output "b" { value = issensitive(module.m.declared) }
output "c" { value = issensitive(module.m.marked) }
