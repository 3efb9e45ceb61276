resource "terraform_data" "b" {
  lifecycle {
    postcondition {
      condition     = self.id != ""
      error_message = "no"
    }
  }
}
