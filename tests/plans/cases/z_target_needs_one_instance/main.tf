module "m" {
  source = "./m"
  x      = terraform_data.a["x"].id
}
resource "terraform_data" "a" {
  for_each = toset(["x", "y"])
  input    = each.key
}
resource "terraform_data" "c" { count = 2 }
locals { c = terraform_data.c[1].id }
output "o" { value = module.m.o }
output "p" { value = [for k, v in terraform_data.a : v.id] }
output "q" { value = local.c }
