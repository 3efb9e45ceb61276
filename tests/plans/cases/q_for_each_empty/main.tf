resource "terraform_data" "b" { for_each = {} }
resource "terraform_data" "c" { for_each = toset([]) }
output "o" { value = [terraform_data.b, terraform_data.c] }
