removed {
  from = terraform_data.a
  lifecycle {
    destroy = false
  }
}
moved {
  from = terraform_data.b
  to   = terraform_data.c
}
resource "terraform_data" "d" {
  count = 0
}
