module "a" { source = "./m" }
module "b" {
  source     = "./m"
  depends_on = [module.a]
}
output "b" { value = module.b.id }
