resource "terraform_data" "a" {
  lifecycle {
    precondition {
      condition     = length(path.module) > 5
      error_message = "no"
    }
  }
}
import {
  to = terraform_data.a
  id = "x"
}
