variable "n" {
  default = 1
}
resource "terraform_data" "wrong" {
  for_each = { x = 1 }
  lifecycle {
    precondition {
      condition     = var.n == 2
      error_message = "No."
    }
  }
}
module "m" {
  source = "./m"
  names  = keys(terraform_data.wrong)
}
output "o" {
  value = module.m.given
}
output "p" {
  value = module.m.fix
}
