resource "terraform_data" "r" {}
output "o" { value = terraform_data.r.id }
check "c" {
 assert {
  condition = terraform_data.r.id != ""
  error_message = "x"
 }
}
