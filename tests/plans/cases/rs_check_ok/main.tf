check "c" {
 data "terraform_remote_state" "r" {
  backend = "local"
  config = { path = "other.json" }
 }
 assert {
  condition = data.terraform_remote_state.r.outputs.a == "y"
  error_message = "a is ${data.terraform_remote_state.r.outputs.a}"
 }
}
