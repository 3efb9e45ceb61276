resource "terraform_data" "y" { input = 3 }
removed {
  from = terraform_data.x
  lifecycle { destroy = false }
}
