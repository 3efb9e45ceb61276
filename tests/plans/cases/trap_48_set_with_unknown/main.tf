resource "terraform_data" "x" {}
output "a" { value = toset(["a", terraform_data.x.id]) }
