output "o" {
  value = { a = sensitive("x"), b = "y" }
  sensitive = true
}
resource "terraform_data" "t" { input = { a = sensitive("x"), b = ["y", sensitive("z")] } }
output "t" {
  value = terraform_data.t.output
  sensitive = true
}
