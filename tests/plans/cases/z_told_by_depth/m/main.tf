resource "terraform_data" "a" {}
module "n" { source = "./n" }
