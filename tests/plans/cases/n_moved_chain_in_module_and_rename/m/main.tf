resource "terraform_data" "z" { input = 1 }
resource "terraform_data" "y" { input = terraform_data.z.id }
moved {
  from = terraform_data.x
  to   = terraform_data.z
}
