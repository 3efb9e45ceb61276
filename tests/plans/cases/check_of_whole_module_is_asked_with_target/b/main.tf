variable "map" { type = map(string) }
variable "name" { }
module "t" {
  source = "./t"
  name = var.map
}
