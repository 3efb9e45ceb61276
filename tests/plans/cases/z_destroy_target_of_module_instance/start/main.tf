module "m" {
  source = "./m"
  count  = 2
}
output "o" { value = module.m[*].o }
resource "terraform_data" "d" { input = module.m[1].o }
resource "terraform_data" "e" { input = module.m[0].o }
