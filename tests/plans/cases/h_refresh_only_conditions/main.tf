variable "n" { default = 2 }
resource "terraform_data" "a" {
  count = 2
  input = var.n
  lifecycle {
    precondition {
      condition     = var.n == 1
      error_message = "pre"
    }
  }
}
output "all" { value = terraform_data.a[*].input }
output "o" {
  value = 1
  precondition {
    condition     = var.n == 1
    error_message = "out"
  }
}
