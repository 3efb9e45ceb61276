resource "terraform_data" "y" { input = 1 }
resource "terraform_data" "d" { input = terraform_data.y.id }
moved {
  from = terraform_data.x
  to   = terraform_data.y
}
