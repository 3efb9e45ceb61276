resource "terraform_data" "a" {
 count = 2
}
output "ids" { value = terraform_data.a[*].id }
output "len" { value = length(terraform_data.a[*].id) }
output "m" { value = { for i, x in terraform_data.a : i => x.id } }
output "j" { value = jsonencode(terraform_data.a[*].id) }
