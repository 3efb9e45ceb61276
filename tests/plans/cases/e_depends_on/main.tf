resource "terraform_data" "a" { depends_on = [nope.x] }
resource "terraform_data" "b" { depends_on = [terraform_data.a.id] }
resource "terraform_data" "c" { depends_on = ["terraform_data.a"] }
resource "terraform_data" "d" { depends_on = [var.x] }
