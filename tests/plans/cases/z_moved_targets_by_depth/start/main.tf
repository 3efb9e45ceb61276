resource "terraform_data" "k" {}
module "m" { source = "./m" }
