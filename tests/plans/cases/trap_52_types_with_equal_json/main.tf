resource "terraform_data" "a" { input = tomap({ a = 1 }) }
resource "terraform_data" "b" { input = 1 }
output "c" { value = tolist(["x"]) }
