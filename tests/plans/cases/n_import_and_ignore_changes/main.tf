resource "terraform_data" "c" {
  input = 1
  lifecycle { ignore_changes = [input] }
}
import {
  to = terraform_data.c
  id = "cc"
}
