module "m" {
  source   = "./m"
  for_each = toset(["x"])
}
resource "terraform_data" "a" {
  count = 0
}
import {
  to = module.m["y"].terraform_data.b
  id = "i"
}
import {
  to = terraform_data.a[0]
  id = "i"
}
