variable "none" {
  default = null
}
resource "terraform_data" "b" {
  input = 1
}
resource "terraform_data" "a" {
  lifecycle {
    precondition {
      condition     = terraform_data.b.input == 1
      error_message = "x ${var.none}"
    }
    precondition {
      condition     = terraform_data.b.input == 2
      error_message = "id ${terraform_data.b.id}"
    }
    precondition {
      condition     = terraform_data.b.id != ""
      error_message = sensitive("z")
    }
    precondition {
      condition     = terraform_data.b.id != ""
      error_message = null
    }
    precondition {
      condition     = terraform_data.b.id != ""
      error_message = ["z"]
    }
  }
}
check "c" {
  assert {
    condition     = terraform_data.b.input == 1
    error_message = "x ${sensitive(1)}"
  }
  assert {
    condition     = terraform_data.b.input == 1
    error_message = "x ${var.none}"
  }
}
