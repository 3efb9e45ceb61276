locals {
  things = { a = { id = "1", key = "k1" }, b = { id = "2", key = "k2" } }
}
module "m" {
  source   = "./m"
  for_each = local.things
}
import {
  for_each = local.things
  to       = module.m[each.key].terraform_data.x[each.value.key]
  id       = each.value.id
}
