resource "terraform_data" "x" {}
import {
  for_each = toset(["a", "c"])
  to       = terraform_data.x
  id       = "id-${each.key}"
}
