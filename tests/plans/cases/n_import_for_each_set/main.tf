resource "terraform_data" "x" {
  for_each = toset(["a", "b", "c"])
}
import {
  for_each = toset(["a", "c"])
  to       = terraform_data.x[each.value]
  id       = "id-${each.key}"
}
