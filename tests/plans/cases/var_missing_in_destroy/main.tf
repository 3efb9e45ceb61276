variable "v" {
  type = string
}
module "m" {
  source = "./m"
  none   = 1
}
