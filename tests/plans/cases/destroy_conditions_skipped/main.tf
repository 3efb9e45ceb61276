resource "terraform_data" "a" {
 input = 1
 lifecycle {
  precondition {
   condition = terraform_data.b.input == 2
   error_message = "pre"
  }
 postcondition {
   condition = self.input == 2
   error_message = "post"
  }
 }
}
resource "terraform_data" "b" { input = 1 }
output "o" {
 value = 1
 precondition {
  condition = terraform_data.b.input == 9
  error_message = "out"
 }
}
check "c" {
 assert {
  condition = terraform_data.b.input == 9
  error_message = "chk"
 }
}
