locals { m = { a = 1, b = 2 } }
module "m" {
 source = "./m"
 for_each = local.m
 v = each.value
}
output "o" { value = { for k, x in module.m : k => x.o } }
resource "terraform_data" "all" { input = values(module.m)[*].o }
