resource "terraform_data" "x" { input = "5" }
output "a" { value = terraform_data.x.output + 1 }
output "b" { value = try(terraform_data.x.output.attr, "d") }
