module "a" { source = "./m" }
module "b" {
 source = "./m"
 v = module.a.o
}
resource "terraform_data" "other" {}
output "b" { value = module.b.o }
output "oth" { value = terraform_data.other.id }
