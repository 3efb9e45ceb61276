resource "terraform_data" "x" { input = 1 }
output "a" { value = terraform_data.x.id != null }
output "b" { value = startswith("pre-${terraform_data.x.id}", "pre-") }
output "c" { value = (terraform_data.x.id == "a" ? 5 : 10) > 3 }
