resource "terraform_data" "b" {}
output "o" { value = length(terraform_data.b.id) > 0 }
