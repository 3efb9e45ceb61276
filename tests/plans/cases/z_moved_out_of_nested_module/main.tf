module "m" { source = "./m" }
resource "terraform_data" "out" { input = 1 }
moved {
  from = module.m.module.n.terraform_data.x
  to   = terraform_data.out
}
