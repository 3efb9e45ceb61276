resource "terraform_data" "a" { count = 2 }
resource "terraform_data" "b" {}
import {
  to = terraform_data.a[0]
  id = "x"
}
import {
  to = terraform_data.a[0]
  id = "y"
}
import {
  to = terraform_data.b
  id = "x"
}
import {
  to = terraform_data.b
  id = "y"
}
import {
  to = terraform_data.b
  id = "z"
}
