module "b" { source = "./b" }
moved {
  from = module.a
  to   = module.b.module.a
}
