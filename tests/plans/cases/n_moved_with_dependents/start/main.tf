resource "terraform_data" "x" { input = 1 }
resource "terraform_data" "d" { input = terraform_data.x.id }
