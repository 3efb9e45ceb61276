module "m" {
  source = "./m"
  x      = terraform_data.z.output
}
resource "terraform_data" "z" { input = module.m }
