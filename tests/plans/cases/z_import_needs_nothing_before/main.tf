resource "terraform_data" "a" { input = "x" }
resource "terraform_data" "f" {
  input            = terraform_data.a.output
  triggers_replace = 1
}
resource "terraform_data" "k" { depends_on = [terraform_data.a] }
import {
  to = terraform_data.f
  id = "i"
}
import {
  to = terraform_data.k
  id = "k"
}
