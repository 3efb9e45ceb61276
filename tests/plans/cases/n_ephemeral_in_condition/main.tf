variable "e" {
  ephemeral = true
  default   = "x"
}
resource "terraform_data" "a" {
  input = 1
  lifecycle {
    precondition {
      condition     = var.e == "y"
      error_message = "E is ${var.e}."
    }
  }
}
