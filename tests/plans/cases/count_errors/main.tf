resource "terraform_data" "a" { count = 1.5 }
resource "terraform_data" "b" { count = null }
resource "terraform_data" "c" { count = -1 }
resource "terraform_data" "d" { count = "x" }
resource "terraform_data" "e" { count = "2" }
resource "terraform_data" "f" { count = true }
