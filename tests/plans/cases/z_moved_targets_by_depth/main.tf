resource "terraform_data" "k" {}
module "mx" { source = "./m" }
moved {
  from = module.m
  to   = module.mx
}
