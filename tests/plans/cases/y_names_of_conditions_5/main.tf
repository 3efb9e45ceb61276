resource "terraform_data" "a" {
  lifecycle {
    precondition {
      condition     = terraform_data.z.nope
      error_message = "${var.nope}"
    }
    postcondition {
      condition     = self.id != "" && local.nope
      error_message = "${terraform_data.z.nope}"
    }
  }
}
output "o" {
  value = 1
  precondition {
    condition     = terraform_data.z.nope
    error_message = "${var.nope}"
  }
}
check "c" {
  assert {
    condition     = terraform_data.z.nope
    error_message = "${var.nope}"
  }
}
check "d" {
  assert {
    condition     = var.nope
    error_message = "${terraform_data.z.nope}"
  }
}
resource "terraform_data" "z" {}
