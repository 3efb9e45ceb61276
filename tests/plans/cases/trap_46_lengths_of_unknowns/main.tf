resource "terraform_data" "x" { input = 1 }
output "a" { value = length([terraform_data.x.id, 1]) }
output "b" { value = length(toset([terraform_data.x.id, "a"])) }
output "c" { value = [for v in ["a", "b"] : v if terraform_data.x.id == v] }
output "d" { value = jsonencode({ a = 1, b = terraform_data.x.id }) }
