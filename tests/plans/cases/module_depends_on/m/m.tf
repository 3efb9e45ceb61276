resource "terraform_data" "r" {}
module "n" { source = "./n" }
