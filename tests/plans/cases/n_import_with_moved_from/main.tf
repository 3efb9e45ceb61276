resource "terraform_data" "b" { input = 1 }
resource "terraform_data" "c" { input = 1 }
moved {
  from = terraform_data.a
  to   = terraform_data.b
}
import {
  to = terraform_data.c
  id = "cc"
}
