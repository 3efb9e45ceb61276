variable "v" {
  default = 1
  validation {
    condition     = var.v == 1
    error_message = "x"
  }
}
resource "terraform_data" "a" { input = 1 }
resource "terraform_data" "b" { input = terraform_data.a.id }
resource "terraform_data" "c" { input = 1 }
output "o" {
  value = terraform_data.a.id
  precondition {
    condition     = terraform_data.a.id != ""
    error_message = "x"
  }
}
check "c" {
  assert {
    condition     = terraform_data.a.id != ""
    error_message = "x"
  }
}
