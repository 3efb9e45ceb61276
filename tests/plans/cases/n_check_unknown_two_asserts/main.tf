resource "terraform_data" "a" { input = 3 }
check "c" {
  assert {
    condition     = terraform_data.a.output == 3
    error_message = "One."
  }
  assert {
    condition     = terraform_data.a.id == "x"
    error_message = "Two ${terraform_data.a.input}."
  }
}
