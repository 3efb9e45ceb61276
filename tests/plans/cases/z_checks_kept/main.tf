resource "terraform_data" "a" { input = 1 }
check "c" {
 assert {
  condition = terraform_data.a.input == 1
  error_message = "x"
 }
}
