resource "terraform_data" "a" {
 input = 5
 lifecycle {
  postcondition {
   condition = self.output == 5
   error_message = "five"
  }
  precondition {
   condition = 1 + 1 == length([terraform_data.b.id, 2])
   error_message = "two"
  }
 }
}
resource "terraform_data" "b" {}
