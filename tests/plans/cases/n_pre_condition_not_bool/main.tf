variable "v" { default = "maybe" }
resource "terraform_data" "a" {
  lifecycle {
    precondition {
      condition     = var.v
      error_message = "No."
    }
  }
}
