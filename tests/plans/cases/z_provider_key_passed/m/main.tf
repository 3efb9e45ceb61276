resource "terraform_data" "y" { input = 2 }
module "n" { source = "./n" }
