resource "terraform_data" "a" { input = 1 }
resource "terraform_data" "b" {
  input = terraform_data.a.id
  lifecycle { create_before_destroy = true }
}
