resource "terraform_data" "a" { input = { x = terraform_data.b.id, y = [1, terraform_data.b.output] } }
resource "terraform_data" "b" { input = "q" }
resource "terraform_data" "c" { input = terraform_data.a.output.y[1] }
