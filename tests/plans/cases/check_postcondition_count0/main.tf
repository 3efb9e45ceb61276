resource "terraform_data" "a" {
 count = 0
 lifecycle {
  postcondition {
   condition = self.id != ""
   error_message = "x"
  }
 }
}
resource "terraform_data" "b" {
 lifecycle {
  precondition {
   condition = terraform_data.c.input == 1
   error_message = "pre"
  }
  postcondition {
   condition = self.id != ""
   error_message = "post"
  }
 }
}
resource "terraform_data" "c" { input = 1 }
