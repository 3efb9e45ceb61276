resource "terraform_data" "a" {}
module "m" {
  source = "./m"
  x      = terraform_data.a.id
}
