resource "terraform_data" "a" { input = 1 }
output "a" { value = "old" }
output "old" { value = "old" }
