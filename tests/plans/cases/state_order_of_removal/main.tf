resource "terraform_data" "keep" {}
