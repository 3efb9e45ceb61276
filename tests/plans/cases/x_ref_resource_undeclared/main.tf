output "x" { value = terraform_data.zz.id }
resource "terraform_data" "z" {}
