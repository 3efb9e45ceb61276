removed { from = module.m }
resource "terraform_data" "x" {}
