module "m" {
  source = "./m"
  size   = 5
  least  = null
}
