resource "terraform_data" "b" {
 for_each = { k = null, j = 1 }
 input = each.value
}
