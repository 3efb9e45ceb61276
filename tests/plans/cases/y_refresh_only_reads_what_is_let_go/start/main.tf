resource "terraform_data" "a" {}
resource "terraform_data" "b" {
  input = 1
}
resource "terraform_data" "d" {}
