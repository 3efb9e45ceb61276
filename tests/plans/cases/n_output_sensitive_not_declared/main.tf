resource "terraform_data" "t" { input = sensitive("x") }
output "t" { value = terraform_data.t.output }
