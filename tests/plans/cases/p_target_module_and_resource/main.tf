resource "terraform_data" "a" {}
module "m" {
  source = "./m"
  v      = terraform_data.a.id
}
resource "terraform_data" "z" {}
resource "terraform_data" "q" { input = module.m.o }
