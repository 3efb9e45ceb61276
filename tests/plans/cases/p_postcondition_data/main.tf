data "terraform_remote_state" "r" {
  backend = "local"
  config  = { path = "o.tfstate" }
  lifecycle {
    postcondition {
      condition     = self.outputs.x == 5
      error_message = "x is ${self.outputs.x}"
    }
  }
}
resource "terraform_data" "a" { input = data.terraform_remote_state.r.outputs.x }
