resource "terraform_data" "y" { input = 2 }
moved {
  from = terraform_data.x
  to   = terraform_data.y
}
output "id" { value = terraform_data.y.id }
