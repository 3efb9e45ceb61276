resource "terraform_data" "a" {
  lifecycle {
    precondition {
      condition     = var.nope
      error_message = "${var.nope}"
    }
    postcondition {
      condition     = self.id != "" && local.nope
      error_message = "${var.nope}"
    }
  }
}
output "o" {
  value = 1
  precondition {
    condition     = var.nope
    error_message = "${var.nope}"
  }
}
check "c" {
  assert {
    condition     = var.nope
    error_message = "${var.nope}"
  }
}
check "d" {
  assert {
    condition     = var.nope
    error_message = "${var.nope}"
  }
}
