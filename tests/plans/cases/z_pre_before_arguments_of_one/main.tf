resource "terraform_data" "a" {
  count = 2
  input = tonumber("x${count.index}")
  lifecycle {
    precondition {
      condition     = count.index == 0
      error_message = "pre ${count.index}"
    }
  }
}
