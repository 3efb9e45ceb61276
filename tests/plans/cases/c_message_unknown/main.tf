resource "terraform_data" "a" { input = "v" }
check "c" {
 assert {
  condition = terraform_data.a.input == "q"
  error_message = "id ${terraform_data.a.id}"
 }
}
