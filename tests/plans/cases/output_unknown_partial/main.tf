resource "terraform_data" "a" { input = "x" }
output "o" { value = { known = 1, id = terraform_data.a.id, l = [terraform_data.a.id, "k"], nn = terraform_data.a.id != null, sw = startswith("pre-${terraform_data.a.id}", "pre-") } }
output "s" { value = "p-${terraform_data.a.id}" }
