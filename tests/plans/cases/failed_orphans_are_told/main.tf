variable "n" {
  default = 1
}
resource "terraform_data" "few" {
  count = 1
  input = 1
}
resource "terraform_data" "wrong" {
  for_each = toset(["x"])
  input    = 2
  lifecycle {
    precondition {
      condition     = var.n == 2
      error_message = "No."
    }
    postcondition {
      condition     = self.id != ""
      error_message = "No."
    }
  }
}
