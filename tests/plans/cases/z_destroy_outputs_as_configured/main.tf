variable "v" { default = "q" }
resource "terraform_data" "a" { input = 2 }
resource "terraform_data" "n" { input = 2 }
output "a" { value = var.v }
output "b" { value = terraform_data.a.id }
output "d" { value = terraform_data.n.id }
output "e" { value = terraform_data.a.input }
output "g" {
  value     = "const"
  sensitive = true
}
output "h" { value = terraform_data.a }
output "j" { value = try(terraform_data.n.id, "x") }
