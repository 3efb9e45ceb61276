module "m" { source = "./m" }
moved {
  from = terraform_data.x
  to   = module.m.terraform_data.y
}
