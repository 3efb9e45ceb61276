resource "terraform_data" "a" { input = ["x", "y"] }
output "a" { value = length(terraform_data.a.output) }
output "b" { value = join(",", terraform_data.a.output) }
output "c" { value = merge({ k = 1 }, { j = terraform_data.a.id }) }
output "d" { value = keys({ k = terraform_data.a.id }) }
output "e" { value = coalesce(terraform_data.a.id, "z") }
output "f" { value = "${terraform_data.a.id}" == "" }
