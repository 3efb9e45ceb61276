resource "terraform_data" "a" { count = 0 }
output "o" { value = one(terraform_data.a[*].id) }
output "p" { value = terraform_data.a }
output "q" { value = try(terraform_data.a[0].id, "none") }
