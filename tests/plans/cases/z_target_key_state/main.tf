resource "terraform_data" "a" {
 for_each = { x = 2, y = 2 }
 input = each.value
}
