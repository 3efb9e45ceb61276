resource "terraform_data" "x" {}
check "c" {
  assert {
    condition     = terraform_data.x.id == "q"
    error_message = "not q"
  }
}
