locals { k = "x" }
resource "terraform_data" "a" { for_each = toset(["x"]) }
import {
  for_each = toset([local.k])
  to       = terraform_data.a[each.key]
  id       = "i-${each.key}"
}
output "id" { value = terraform_data.a["x"].id }
