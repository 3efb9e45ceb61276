resource "terraform_data" "a" {
 inputt = 1
 nope {}
 id = "x"
}
output "o" { value = terraform_data.a.nothing }
output "p" { value = terraform_data.a.inputt }
