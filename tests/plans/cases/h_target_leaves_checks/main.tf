variable "v" {
  default = "x"
  validation {
    condition     = length(var.v) == 1
    error_message = "no"
  }
}
resource "terraform_data" "a" {}
resource "terraform_data" "b" {
  input = var.v
  lifecycle {
    precondition {
      condition     = length(var.v) == 1
      error_message = "no"
    }
  }
}
output "o" {
  value = 1
  precondition {
    condition     = length(var.v) == 1
    error_message = "no"
  }
}
module "m" {
  source = "./m"
}
