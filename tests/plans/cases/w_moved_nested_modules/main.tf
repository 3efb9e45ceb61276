module "outer" { source = "./o" }
moved {
 from = module.inner
 to = module.outer.module.inner
}
