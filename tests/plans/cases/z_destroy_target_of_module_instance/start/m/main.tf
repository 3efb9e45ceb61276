resource "terraform_data" "x" {
  input = 2
  count = 2
}
resource "terraform_data" "b" {
  count = 2
  input = terraform_data.x[count.index].id
}
output "o" { value = terraform_data.x[0].id }
