variable "on" { default = true }
resource "terraform_data" "a" { count = var.on ? 1 : 0 }
resource "terraform_data" "b" { count = var.on ? 0 : 1 }
output "o" { value = one(concat(terraform_data.a[*].id, terraform_data.b[*].id)) }
