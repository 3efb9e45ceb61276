resource "terraform_data" "a" {}
output "n" { value = null }
output "t" { value = terraform_data.a.triggers_replace }
output "o" { value = 1 }
