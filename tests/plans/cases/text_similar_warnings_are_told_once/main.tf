variable "n" {
  default = 1
}
resource "terraform_data" "b" {
  input = 1
  lifecycle {
    precondition {
      condition     = var.n == 2
      error_message = "B."
    }
  }
}
output "o" {
  value = 1
  precondition {
    condition     = var.n == 2
    error_message = "O."
  }
}
output "p" {
  value = 1
  precondition {
    condition     = var.n == 2
    error_message = "P."
  }
}
check "c" {
  assert {
    condition     = var.n == 2
    error_message = "C."
  }
  assert {
    condition     = var.n == 3
    error_message = "C."
  }
}
