resource "terraform_data" "a" {
  input = { a = { b = 2, c = 2 }, d = 2 }
  lifecycle { ignore_changes = [input.a.b] }
}
