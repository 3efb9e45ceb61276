variable "names" {}
resource "terraform_data" "in" {
  input = var.names
}
resource "terraform_data" "out" {}
output "given" {
  value = length(var.names)
}
output "fix" {
  value = terraform_data.out.input
}
