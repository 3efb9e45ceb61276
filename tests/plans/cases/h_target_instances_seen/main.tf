resource "terraform_data" "a" {
  count = 3
  input = count.index
}
output "all" { value = terraform_data.a[*].input }
output "one" { value = terraform_data.a[1].input }
