module "m" {
  source = "./m"
  none   = 1
}
