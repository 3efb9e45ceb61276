variable "x" {}
resource "terraform_data" "in" {
  input = var.x
}
output "out" {
  value = terraform_data.in.input
}
output "id" {
  value = terraform_data.in.id
}
