resource "terraform_data" "y" { input = 2 }
removed {
  from = terraform_data.x
  lifecycle { destroy = false }
}
