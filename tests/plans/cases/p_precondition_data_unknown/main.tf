resource "terraform_data" "p" { input = 1 }
data "terraform_remote_state" "r" {
  backend = "local"
  config  = { path = "o.tfstate" }
  lifecycle {
    precondition {
      condition     = terraform_data.p.output == 1
      error_message = "no"
    }
  }
}
output "x" { value = data.terraform_remote_state.r.outputs.x }
