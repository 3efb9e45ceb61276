resource "terraform_data" "x" {}
resource "terraform_data" "y" { for_each = toset(["a", terraform_data.x.id]) }
