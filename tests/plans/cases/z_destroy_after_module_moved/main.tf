module "kx" { source = "./k" }
moved {
  from = module.k
  to   = module.kx
}
