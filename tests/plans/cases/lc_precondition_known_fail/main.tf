resource "terraform_data" "up" { input = 1 }
resource "terraform_data" "a" {
 input = 2
 lifecycle {
  precondition {
   condition = terraform_data.up.input == 2
   error_message = "up is ${terraform_data.up.input}"
  }
 }
}
resource "terraform_data" "b" { input = terraform_data.a.id }
