variable "n" { type = number }
resource "terraform_data" "x" {
  count = var.n
  input = count.index
}
output "size" { value = var.n }
output "ids" { value = terraform_data.x[*].id }
