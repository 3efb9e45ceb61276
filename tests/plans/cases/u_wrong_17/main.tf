resource "terraform_data" "a" {
 input = 1
 lifecycle {
  precondition {
   condition = self.id != ""
   error_message = "x"
  }
 }
}
