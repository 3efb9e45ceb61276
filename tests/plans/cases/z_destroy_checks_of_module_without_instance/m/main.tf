resource "terraform_data" "a" {
  input = 1
  lifecycle {
    precondition {
      condition     = path.module != ""
      error_message = "x"
    }
  }
}
