resource "terraform_data" "a" {}
resource "terraform_data" "b" {
  for_each = { a = 1 }
  lifecycle { replace_triggered_by = [terraform_data.a[each.value]] }
}
