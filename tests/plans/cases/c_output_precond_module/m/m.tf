resource "terraform_data" "r" { input = 3 }
output "o" {
 value = terraform_data.r.output
 precondition {
  condition = terraform_data.r.output == 4
  error_message = "r is ${terraform_data.r.output}"
 }
}
