resource "terraform_data" "a" { input = "x" }
resource "terraform_data" "b" { input = tonumber(terraform_data.a.output) }
resource "terraform_data" "c" { input = terraform_data.b.id }
resource "terraform_data" "d" {}
output "d" { value = terraform_data.d.input }
output "b" { value = terraform_data.b.output }
