module "m" { source = "./m" }
resource "terraform_data" "y" { input = 2 }
