resource "terraform_data" "a" { count = 1.5 }
resource "terraform_data" "b" { count = null }
resource "terraform_data" "c" { count = -1 }
resource "terraform_data" "d" { for_each = [] }
resource "terraform_data" "e" { for_each = ["a"] }
