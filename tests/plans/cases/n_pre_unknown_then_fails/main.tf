resource "terraform_data" "a" { input = 1 }
resource "terraform_data" "b" {
  input = 2
  lifecycle {
    precondition {
      condition     = terraform_data.a.output == 2
      error_message = "a is ${terraform_data.a.output}."
    }
  }
}
