resource "terraform_data" "many" {
  count = 2
}
resource "terraform_data" "a" {
  lifecycle {
    precondition {
      condition     = terraform_data.many.id != "" && var.x == 1
      error_message = "no"
    }
  }
}
check "c" {
  assert {
    condition     = terraform_data.many.id != ""
    error_message = "no ${var.x}"
  }
}
variable "x" { default = 1 }
