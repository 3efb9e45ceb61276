resource "terraform_data" "a" { input = "y" }
output "o" {
  value     = terraform_data.a.output
  sensitive = true
}
