resource "terraform_data" "a" {
  input = ["x", "y", "z"]
  lifecycle { ignore_changes = [input[0], input[2]] }
}
