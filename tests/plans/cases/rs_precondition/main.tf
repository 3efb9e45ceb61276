data "terraform_remote_state" "r" {
 backend = "local"
 config = { path = "other.json" }
 lifecycle {
  postcondition {
   condition = self.outputs.a == "zz"
   error_message = "bad ${self.outputs.a}"
  }
 }
}
resource "terraform_data" "a" { input = data.terraform_remote_state.r.outputs.a }
