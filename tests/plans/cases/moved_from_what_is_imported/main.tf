resource "terraform_data" "a2" {}
moved {
  from = terraform_data.a
  to   = terraform_data.a2
}
import {
  to = terraform_data.a
  id = "i"
}
