resource "terraform_data" "b" { for_each = toset([1]) }
resource "terraform_data" "c" { for_each = [1] }
resource "terraform_data" "d" { for_each = null }
resource "terraform_data" "e" { for_each = toset(["a", null]) }
