resource "terraform_data" "y" {
  count = 0
}
moved {
  from = terraform_data.x
  to   = terraform_data.y[0]
}
