resource "terraform_data" "a" {
 count = 3
 input = count.index
}
resource "terraform_data" "b" {
 count = length(terraform_data.a)
 input = terraform_data.a[count.index].output
}
output "l" { value = terraform_data.b[*].input }
