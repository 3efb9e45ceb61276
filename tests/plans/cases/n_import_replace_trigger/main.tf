resource "terraform_data" "c" {
  triggers_replace = [1]
  input = 1
}
import {
  to = terraform_data.c
  id = "cc"
}
