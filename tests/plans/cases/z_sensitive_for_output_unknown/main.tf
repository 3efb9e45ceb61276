resource "terraform_data" "a" { input = sensitive("x") }
output "o" {
 value = terraform_data.a.input
 sensitive = true
}
output "p" {
 value = { i = terraform_data.a.input, id = terraform_data.a.id }
 sensitive = true
}
