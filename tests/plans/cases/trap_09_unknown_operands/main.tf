resource "terraform_data" "a" { input = true }
output "a" { value = terraform_data.a.output && false }
output "b" { value = terraform_data.a.output || true }
