terraform {
 required_providers {
  terraform = {
   source = "terraform.io/builtin/terraform"
   configuration_aliases = [terraform.x]
  }
 }
}
resource "terraform_data" "r" { provider = terraform.x }
