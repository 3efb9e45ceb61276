resource "terraform_data" "x" {
  for_each = toset(["a"])
}
import {
  for_each = sensitive(toset(["a"]))
  to       = terraform_data.x[each.key]
  id       = each.key
}
