resource "terraform_data" "a" { triggers_replace = 1 }
module "m" {
  source = "./m"
  v      = terraform_data.a.id
}
