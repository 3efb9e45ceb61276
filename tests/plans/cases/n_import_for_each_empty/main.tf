resource "terraform_data" "x" {
  for_each = toset([])
}
import {
  for_each = toset([])
  to       = terraform_data.x[each.key]
  id       = each.value
}
