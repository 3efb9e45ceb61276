resource "terraform_data" "x" {
  count = 2
  input = count.index
}
import {
  for_each = ["p", "q"]
  to       = terraform_data.x[each.key]
  id       = each.value
}
