resource "terraform_data" "a" { input = "abc" }
module "m" {
  source = "./m"
  v      = terraform_data.a.output
}
