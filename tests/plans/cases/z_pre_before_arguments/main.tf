resource "terraform_data" "b" { input = 1 }
resource "terraform_data" "a" {
  input = tonumber(terraform_data.b.input == 1 ? "x" : "y")
  lifecycle {
    precondition {
      condition     = terraform_data.b.input != 1
      error_message = "pre"
    }
  }
}
