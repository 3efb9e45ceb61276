resource "terraform_data" "a" {
  for_each = { x = 1, y = 7, z = 9 }
  input    = each.value
  lifecycle {
    precondition {
      condition     = each.value < 5
      error_message = "${each.key} is too big."
    }
  }
}
