resource "terraform_data" "b" { for_each = true }
resource "terraform_data" "c" { for_each = "abc" }
resource "terraform_data" "d" { for_each = tolist(["a"]) }
