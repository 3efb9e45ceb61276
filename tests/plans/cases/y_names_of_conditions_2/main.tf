resource "terraform_data" "a" {
  lifecycle {
    precondition {
      condition     = self.id
      error_message = "${var.nope}"
    }
    postcondition {
      condition     = self.id != "" && local.nope
      error_message = "${self.id}"
    }
  }
}
output "o" {
  value = 1
  precondition {
    condition     = self.id
    error_message = "${var.nope}"
  }
}
check "c" {
  assert {
    condition     = self.id
    error_message = "${var.nope}"
  }
}
check "d" {
  assert {
    condition     = var.nope
    error_message = "${self.id}"
  }
}
