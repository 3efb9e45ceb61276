resource "terraform_data" "new" {
  for_each = { a = "1", b = "2" }
}
import {
  for_each = { a = "x" }
  to       = terraform_data.new[each.key]
  id       = each.value
}
