resource "terraform_data" "a" {}
resource "terraform_data" "b" {
  for_each = toset(["x"])
}
resource "terraform_data" "c" {}
import {
  to = terraform_data.nope
  id = "i"
}
import {
  to = terraform_data.b["x"]
  id = terraform_data.c.id
}
