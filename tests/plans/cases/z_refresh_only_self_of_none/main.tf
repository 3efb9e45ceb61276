resource "terraform_data" "a" {
  for_each = toset(["x"])
  lifecycle {
    postcondition {
      condition     = self.id != ""
      error_message = "No ${self.id}."
    }
  }
}
output "o" { value = 1 }
