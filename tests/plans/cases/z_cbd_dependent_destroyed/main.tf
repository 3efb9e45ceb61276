resource "terraform_data" "a" {
  input            = "x"
  triggers_replace = 2
  lifecycle { create_before_destroy = true }
}
resource "terraform_data" "c" { triggers_replace = terraform_data.a.id }
