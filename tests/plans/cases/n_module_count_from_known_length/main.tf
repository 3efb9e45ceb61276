module "a" { source = "./a" }
module "b" {
  source = "./b"
  count  = length(module.a.ids)
  id     = module.a.ids[count.index]
}
