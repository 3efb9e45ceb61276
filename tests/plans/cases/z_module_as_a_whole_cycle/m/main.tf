variable "x" {}
resource "terraform_data" "in" { input = var.x }
output "out" { value = terraform_data.in.output }
check "mc" {
  assert {
    condition     = terraform_data.in.id != ""
    error_message = "no"
  }
}
