resource "terraform_data" "a" {}
import {
  to = terraform_data.gone
  id = "x"
}
output "o" { value = 1 }
