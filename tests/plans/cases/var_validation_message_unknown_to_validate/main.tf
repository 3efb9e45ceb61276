module "u" {
  source = "./m"
  name   = "n"
  size   = 5
}
