module "m" {
  source   = "./m"
  for_each = { a = terraform_data.q.input }
  x        = terraform_data.q2.id
  y        = terraform_data.q3.id
}
resource "terraform_data" "q" { input = 1 }
resource "terraform_data" "q2" { input = 1 }
resource "terraform_data" "q3" { input = 1 }
resource "terraform_data" "y" { input = module.m["a"] }
resource "terraform_data" "z" { input = module.m["a"].o }
resource "terraform_data" "w" { input = [for k, v in module.m : v.o] }
resource "terraform_data" "v" { input = module.m["a"].p }
resource "terraform_data" "d" {
  input      = 1
  depends_on = [module.m]
}
