resource "terraform_data" "a" {}
resource "terraform_data" "b" { for_each = toset(["x", "y"]) }
resource "terraform_data" "c" { input = terraform_data.a.id }
