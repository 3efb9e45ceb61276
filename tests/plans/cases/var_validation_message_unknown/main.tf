resource "terraform_data" "q" {}
module "u" {
  source = "./m"
  name   = terraform_data.q.id
  size   = 5
}
