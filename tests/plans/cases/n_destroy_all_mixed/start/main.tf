variable "v" { default = 1 }
module "m" {
  source = "./m"
  count  = 2
}
resource "terraform_data" "a" { input = module.m[*].id }
output "o" { value = terraform_data.a.input }
