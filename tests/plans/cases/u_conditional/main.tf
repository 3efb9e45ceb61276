resource "terraform_data" "a" {}
output "o" { value = terraform_data.a.id == "" ? "x" : null }
output "p" { value = terraform_data.a.id != null ? 1 : 2 }
output "q" { value = [for i in [1, 2] : i if terraform_data.a.id != ""] }
