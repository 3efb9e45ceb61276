resource "terraform_data" "a" {
  input = [1]
  lifecycle {
    postcondition {
      condition     = self.input != null
      error_message = "x ${self.input}"
    }
  }
}
check "c" {
  assert {
    condition     = terraform_data.a.id == "q"
    error_message = "not reached"
  }
}
output "o" { value = terraform_data.a.input[5] }
