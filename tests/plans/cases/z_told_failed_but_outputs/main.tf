resource "terraform_data" "a" {
  input = 1
  lifecycle {
    precondition {
      condition     = var.v != "bad"
      error_message = "No."
    }
  }
}
variable "v" { default = "bad" }
output "p" { value = 1 }
