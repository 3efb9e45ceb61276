variable "r" { default = null }
resource "terraform_data" "a" {}
resource "terraform_data" "b" {
  input = max(var.r, 2)
}
resource "terraform_data" "c" {
  for_each = toset(["x"])
}
import {
  to = terraform_data.c["y"]
  id = "i"
}
