variable "n" {
  default = 1
}
resource "terraform_data" "b" {
  lifecycle {
    postcondition {
      condition     = var.n == 2
      error_message = "B."
    }
  }
}
