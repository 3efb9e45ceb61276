resource "terraform_data" "a" { input = 3 }
locals { limit = terraform_data.a.output }
module "m" {
  source = "./m"
  n      = 5
  limit  = local.limit
}
