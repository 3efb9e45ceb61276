resource "terraform_data" "a" {
 count = 2
 input = count.index
 lifecycle {
  postcondition {
   condition = self.input < 2 && self.output < 1
   error_message = "out ${self.output}"
  }
 }
}
resource "terraform_data" "b" { input = terraform_data.a[1].output }
resource "terraform_data" "z" { input = terraform_data.a[0].output }
