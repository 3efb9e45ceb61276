resource "terraform_data" "b" {}
resource "terraform_data" "a" {
  triggers_replace = terraform_data.b.id
}
