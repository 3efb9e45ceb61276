module "m" {
  source = "./m"
  x      = null
}
