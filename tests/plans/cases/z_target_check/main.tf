resource "terraform_data" "a" { input = 1 }
resource "terraform_data" "b" {}
check "c" {
 assert {
  condition = terraform_data.a.input == 2
  error_message = "no"
 }
}
