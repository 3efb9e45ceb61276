resource "terraform_data" "a" {
 for_each = toset(["x","y"])
}
import {
 for_each = { x = "id-x", y = "id-y" }
 to = terraform_data.a[each.key]
 id = each.value
}
output "o" { value = { for k, v in terraform_data.a : k => v.id } }
