module "m" {
  source = "./m"
  owner  = tomap({ name = "a" })
  owners = [tomap({}), tomap({ name = "b" })]
}

output "all" {
  value = module.m.all
}
