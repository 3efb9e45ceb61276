data "terraform_nosuch" "x" {}
resource "terraform_nosuch" "y" {}
