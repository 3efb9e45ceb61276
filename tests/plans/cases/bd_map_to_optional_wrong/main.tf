module "m" {
  source = "./m"
  owner  = tomap({ team = "a" })
}

module "n" {
  source = "./m"
  owner  = {}
  owners = [tomap({ teams = "b" })]
}
