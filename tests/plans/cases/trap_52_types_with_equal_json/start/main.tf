resource "terraform_data" "a" { input = { a = 1 } }
resource "terraform_data" "b" { input = "1" }
output "c" { value = ["x"] }
