resource "terraform_data" "a" {
  input = { a = { b = 1, c = 1 }, d = 1 }
}
