resource "terraform_data" "a" { input = { x = 1 } }
output "t" { value = try(terraform_data.a.output.y, "d") }
output "c" { value = can(terraform_data.a.output.x) }
output "u" { value = try(terraform_data.a.id, "d") }
