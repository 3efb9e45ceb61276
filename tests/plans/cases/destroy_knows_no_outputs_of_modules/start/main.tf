module "u" {
  source = "./m"
  count  = 2
}
module "v" {
  source = "./m"
}
