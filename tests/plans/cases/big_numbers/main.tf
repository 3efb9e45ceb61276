resource "terraform_data" "a" { input = [12345678901234567890, 0.1, 1e30, 1/3, -5] }
output "n" { value = terraform_data.a.input }
