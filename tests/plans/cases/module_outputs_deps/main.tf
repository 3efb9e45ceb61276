module "m" { source = "./m" }
resource "terraform_data" "a" { input = module.m.one }
resource "terraform_data" "b" { input = module.m }
