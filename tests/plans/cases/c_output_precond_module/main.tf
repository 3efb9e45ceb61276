module "m" { source = "./m" }
output "o" { value = module.m.o }
resource "terraform_data" "z" { input = module.m.o }
