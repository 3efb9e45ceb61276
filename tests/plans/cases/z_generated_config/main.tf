resource "terraform_data" "b" { input = 1 }
import {
  to = terraform_data.a
  id = "x"
}
