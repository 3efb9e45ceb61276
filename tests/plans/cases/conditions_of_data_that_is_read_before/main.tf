data "terraform_remote_state" "a" {
  backend = "local"
  config  = { path = "other.tfstate" }
  lifecycle {
    postcondition {
      condition     = length(self.outputs.x) == 2
      error_message = "Not two."
    }
  }
}
resource "terraform_data" "late" {
  input = "other.tfstate"
}
data "terraform_remote_state" "later" {
  backend = "local"
  config  = { path = terraform_data.late.output }
  lifecycle {
    postcondition {
      condition     = length(self.outputs.x) == 2
      error_message = "Not two."
    }
  }
}
