resource "terraform_data" "a" {
  for_each = toset(["x"])
  lifecycle {
    postcondition {
      condition     = self.id == self.id
      error_message = "No ${self.id}."
    }
  }
}
resource "terraform_data" "b" {
  count = 2
  lifecycle {
    postcondition {
      condition     = self.id != ""
      error_message = "No."
    }
  }
}
output "o" { value = 1 }
