resource "terraform_data" "a" {
  count            = 2
  triggers_replace = 2
  lifecycle { create_before_destroy = true }
}
resource "terraform_data" "b" { input = terraform_data.a[*].id }
