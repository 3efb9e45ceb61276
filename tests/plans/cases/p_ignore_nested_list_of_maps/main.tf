resource "terraform_data" "a" {
  input = [{ a = 5, b = 5 }, { a = 6, b = 6 }]
  lifecycle { ignore_changes = [input[0].a] }
}
