variable "map" { default = { y = "b" } }
module "b" {
  source = "./b"
  count = length(var.map)
  name = count.index
  map = var.map
}
output "o" { value = module.b }
