resource "terraform_data" "a" { input = 1 }
resource "terraform_data" "c" { input = local.l }
locals { l = "${terraform_data.a.input}-l" }
output "oc" { value = terraform_data.c.input }
output "oa" { value = terraform_data.a.id }
output "plain" { value = 5 }
