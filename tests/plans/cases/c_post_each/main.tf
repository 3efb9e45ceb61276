resource "terraform_data" "a" {
 for_each = { x = 1, y = 2 }
 input = each.value
 lifecycle {
  postcondition {
   condition = self.input < each.value + 1 && self.output < 2
   error_message = "${each.key} is ${self.output}"
  }
 }
}
