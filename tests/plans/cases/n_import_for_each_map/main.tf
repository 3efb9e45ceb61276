locals {
  ids = { a = "ida", b = "idb" }
}
resource "terraform_data" "x" {
  for_each = local.ids
  input    = each.value
}
import {
  for_each = local.ids
  to       = terraform_data.x[each.key]
  id       = each.value
}
