resource "terraform_data" "a" { input = 1 }
resource "terraform_data" "b" {
  count            = 0
  triggers_replace = terraform_data.a.id
  lifecycle { create_before_destroy = true }
}
