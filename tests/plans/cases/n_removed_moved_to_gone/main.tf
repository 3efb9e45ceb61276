moved {
  from = terraform_data.x
  to   = terraform_data.y
}
removed {
  from = terraform_data.y
  lifecycle { destroy = false }
}
