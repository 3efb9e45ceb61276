resource "terraform_data" "a" {
  input = tomap({ y = "2" })
  lifecycle { ignore_changes = [input["x"]] }
}
