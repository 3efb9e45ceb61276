variable "n" { default = 2 }
resource "terraform_data" "a" {
  count = 2
  input = var.n
}
resource "terraform_data" "b" {
  lifecycle {
    precondition {
      condition     = var.n == 1
      error_message = "pre"
    }
  }
}
output "all" { value = terraform_data.a[*].input }
