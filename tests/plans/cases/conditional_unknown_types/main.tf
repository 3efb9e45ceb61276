resource "terraform_data" "a" { input = "x" }
output "o" { value = terraform_data.a.id == "z" ? [1] : [2, 3] }
output "m" { value = terraform_data.a.id == "z" ? { a = 1 } : { a = 2, b = 3 } }
output "n" { value = terraform_data.a.output == "x" ? "yes" : "no" }
