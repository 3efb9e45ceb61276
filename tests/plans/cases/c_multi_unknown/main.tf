resource "terraform_data" "a" { input = "v" }
check "one" {
 assert {
  condition = terraform_data.a.output == "v"
  error_message = "m1"
 }
 assert {
  condition = terraform_data.a.input == "w"
  error_message = "m2"
 }
}
output "o" {
 value = terraform_data.a.output
 precondition {
  condition = terraform_data.a.output != "v"
  error_message = "out is ${terraform_data.a.output}"
 }
}
