resource "terraform_data" "a" {
  input = ["b", "c"]
  lifecycle { ignore_changes = [input[1]] }
}
