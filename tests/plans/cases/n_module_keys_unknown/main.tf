module "a" { source = "./a" }
module "b" {
  source   = "./b"
  for_each = toset(module.a.ids)
}
