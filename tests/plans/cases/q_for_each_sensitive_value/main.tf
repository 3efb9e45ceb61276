resource "terraform_data" "b" {
 for_each = { k = sensitive("s") }
 input = each.value
}
