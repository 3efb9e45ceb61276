resource "terraform_data" "a" {
  lifecycle {
    precondition {
      condition     = path.module == ""
      error_message = "No."
    }
  }
}
