resource "terraform_data" "a" {
  lifecycle {
    precondition {
      condition     = nope
      error_message = "${var.nope}"
    }
    postcondition {
      condition     = self.id != "" && local.nope
      error_message = "${nope}"
    }
  }
}
output "o" {
  value = 1
  precondition {
    condition     = nope
    error_message = "${var.nope}"
  }
}
check "c" {
  assert {
    condition     = nope
    error_message = "${var.nope}"
  }
}
check "d" {
  assert {
    condition     = var.nope
    error_message = "${nope}"
  }
}
