module "new" {
  source = "./m"
  count  = 2
}
moved {
  from = module.old
  to   = module.new[1]
}
