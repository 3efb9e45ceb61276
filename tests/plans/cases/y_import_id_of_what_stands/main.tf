resource "terraform_data" "a" { input = "x" }
resource "terraform_data" "b" {}
resource "terraform_data" "c" { for_each = { k = 1 } }
import {
  to = terraform_data.b
  id = terraform_data.a.id
}
import {
  for_each = { k = terraform_data.a.output }
  to       = terraform_data.c[each.key]
  id       = each.value
}
