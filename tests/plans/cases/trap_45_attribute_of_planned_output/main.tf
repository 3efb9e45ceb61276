resource "terraform_data" "x" { input = "5" }
output "a" { value = terraform_data.x.output.attr }
