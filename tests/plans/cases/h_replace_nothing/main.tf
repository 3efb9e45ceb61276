resource "terraform_data" "a" {
  count = 0
}
resource "terraform_data" "b" {}
