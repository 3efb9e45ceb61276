variable "s" { default = "x" }
check "c" {
  assert {
    condition     = var.s == ""
    error_message = "Second."
  }
  assert {
    condition     = var.s == ""
    error_message = "First."
  }
}
