resource "terraform_data" "new" { input = 1 }
output "o" { value = terraform_data.new.output }
