resource "terraform_data" "gone" {
  input = 1
}
resource "terraform_data" "few" {
  count = 2
  input = 1
}
resource "terraform_data" "wrong" {
  for_each = toset(["x", "y"])
  input    = 1
}
