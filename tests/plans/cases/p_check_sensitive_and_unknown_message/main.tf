resource "terraform_data" "a" { input = 1 }
variable "s" {
  default   = "x"
  sensitive = true
}
check "one" {
  assert {
    condition     = var.s == "y"
    error_message = "s is ${var.s}"
  }
}
check "two" {
  assert {
    condition     = 1 == length([terraform_data.a.id, 2])
    error_message = "id ${terraform_data.a.id}"
  }
}
