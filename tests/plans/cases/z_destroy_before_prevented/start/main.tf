resource "terraform_data" "a" {}
resource "terraform_data" "b" { input = 1 }
resource "terraform_data" "c" {
  input = terraform_data.b.id
  lifecycle { prevent_destroy = true }
}
