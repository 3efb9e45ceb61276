resource "terraform_data" "base" { triggers_replace = 2 }
resource "terraform_data" "l" { triggers_replace = terraform_data.base.id }
resource "terraform_data" "r" { triggers_replace = terraform_data.base.id }
resource "terraform_data" "top" {
  triggers_replace = [terraform_data.l.id, terraform_data.r.id]
  lifecycle { create_before_destroy = true }
}
